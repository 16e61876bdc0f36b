namespace XCron.Daemon.Hosting;

/// <summary>
/// Tells at once when one of several loops has failed. Task.WhenAll does not: it waits for the others, which go on, and
/// a node whose reports have stopped, while all else runs, is one that its peers take for dead.
/// </summary>
internal static class FirstFailure
{
    /// <summary>Ends when all have ended, or fails as soon as one of them has, with what it failed of.</summary>
    public static async Task OfAsync(params IEnumerable<Task> parts)
    {
        var running = parts.ToList();
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny(running);
            running.Remove(ended);
            await ended;
        }
    }
}
