namespace bench.Raft;

/// <summary>So many writers, each proposing again when its last proposal has its outcome.</summary>
internal static class ClosedLoop
{
    public const int Writers = 200;
    public const int EntryBytes = 250;

    // A JIT process is still getting faster after its first 50,000 proposals.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(4);

    /// <param name="propose">Returns once the proposal is applied, and throws where it is not.</param>
    public static async Task<Measurement> RunAsync(Func<ReadOnlyMemory<byte>, ValueTask> propose)
    {
        var start = TimeProvider.System.GetTimestamp();
        var writers = new Task<List<long>>[Writers];
        for (var i = 0; i < writers.Length; i++)
            writers[i] = Task.Run(() => WriteAsync(propose, start));
        await Task.Delay(WarmUp, TimeProvider.System);
        var usedBefore = Environment.CpuUsage.TotalTime;
        var ticks = new List<long>();
        foreach (var writer in writers)
            ticks.AddRange(await writer);
        return Measurement.Of(Measured, Environment.CpuUsage.TotalTime - usedBefore, [.. ticks]);
    }

    private static async Task<List<long>> WriteAsync(Func<ReadOnlyMemory<byte>, ValueTask> propose, long start)
    {
        var ticks = new List<long>(4096);
        while (true)
        {
            var begun = TimeProvider.System.GetTimestamp();
            await propose(new byte[EntryBytes]);
            var ended = TimeProvider.System.GetTimestamp();
            var elapsed = TimeProvider.System.GetElapsedTime(start, ended);
            if (elapsed > WarmUp + Measured)
                return ticks;
            if (elapsed > WarmUp)
                ticks.Add(ended - begun);
        }
    }
}
