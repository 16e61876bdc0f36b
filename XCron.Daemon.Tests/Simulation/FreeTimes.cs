namespace XCron.Daemon.Tests.Simulation;

/// <summary>Spans of time that are taken, and whether something fits between them.</summary>
internal sealed class FreeTimes
{
    private readonly List<(long FromMs, long ToMs)> _taken = [];

    public FreeTimes()
    {
    }

    public FreeTimes(FreeTimes others) => _taken.AddRange(others._taken);

    public void Take(long fromMs, long toMs)
    {
        if (toMs > fromMs)
            _taken.Add((fromMs, toMs));
    }

    public bool IsFree(long fromMs, long toMs) =>
        _taken.TrueForAll(span => span.ToMs <= fromMs || span.FromMs > toMs);

    /// <summary>Whether somewhere in the time so much is free in one piece.</summary>
    public bool HasRoom(long fromMs, long toMs, long lengthMs)
    {
        var atMs = fromMs;
        foreach (var (takenMs, freeMs) in _taken.OrderBy(static span => span.FromMs))
        {
            if (freeMs <= atMs)
                continue;
            if (Math.Min(takenMs, toMs) - atMs >= lengthMs)
                return true;
            atMs = freeMs;
        }

        return toMs - atMs >= lengthMs;
    }
}
