using XCron.Daemon.Firing;

namespace XCron.Daemon.Tests.Firing;

internal sealed class CountingMetrics : IFiringMetrics
{
    private int _attempts;

    public int Attempts => Volatile.Read(ref _attempts);

    public double MinLateness { get; private set; } = double.MaxValue;

    public void Lateness(double seconds) => MinLateness = Math.Min(MinLateness, seconds);

    public void AttemptFinished(bool ok, double seconds) => Interlocked.Increment(ref _attempts);

    public void ClaimsProposed(int claims, bool applied)
    {
    }

    public void ResultsProposed(int results, bool applied)
    {
    }
}
