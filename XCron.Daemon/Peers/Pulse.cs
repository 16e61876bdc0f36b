namespace XCron.Daemon.Peers;

/// <summary>
/// Wakes everybody who waits for something to have changed. Take <see cref="Next"/>, then look, then await it: a change
/// after the look completes it, so none is missed. Thread-safe; setting it costs nothing while nobody waits.
/// </summary>
internal sealed class Pulse
{
    // Null while nobody has asked for it. Exchanged with full fences on both sides, so that either the waiter sees what
    // was changed before Set, or Set sees the waiter.
    private TaskCompletionSource? _next;

    /// <summary>Completes at the first <see cref="Set"/> after this.</summary>
    public Task Next
    {
        get
        {
            while (true)
            {
                if (Volatile.Read(ref _next) is { } current)
                    return current.Task;

                var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (Interlocked.CompareExchange(ref _next, made, null) is null)
                    return made.Task;
            }
        }
    }

    public void Set() => Interlocked.Exchange(ref _next, null)?.TrySetResult();

    /// <summary>Waits for a taken <see cref="Next"/>, the time or the token; never throws.</summary>
    public static async Task WaitAsync(
        Task next, TimeSpan atMost, TimeProvider timeProvider, CancellationToken cancellationToken) =>
        await next.WaitAsync(atMost, timeProvider, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
