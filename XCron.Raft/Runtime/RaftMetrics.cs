using System.Diagnostics.Metrics;

namespace XCron.Raft.Runtime;

/// <summary>What the library measures of itself, under the meter "XCron.Raft".</summary>
internal static class RaftMetrics
{
    private static readonly Meter Meter = new("XCron.Raft");

    // A flush takes a fraction of a millisecond on a good disk and seconds on a sick one.
    private static readonly InstrumentAdvice<double> FlushBuckets = new()
    {
        HistogramBucketBoundaries =
            [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    };

    private static readonly InstrumentAdvice<long> BatchBuckets = new()
    {
        HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096],
    };

    public static readonly Histogram<double> FlushSeconds = Meter.CreateHistogram(
        "xcron.raft.fsync.duration", "s", "Time to write and fdatasync a batch of the log.", null, FlushBuckets);

    public static readonly Histogram<long> ApplyBatch = Meter.CreateHistogram(
        "xcron.raft.apply.batch", "{entry}", "Commands applied at once.", null, BatchBuckets);

    public static readonly Counter<long> ProposalsRejected = Meter.CreateCounter<long>(
        "xcron.raft.proposals.rejected", "{proposal}", "Proposals refused before they were appended.");

    public static readonly Counter<long> MessagesDropped = Meter.CreateCounter<long>(
        "xcron.raft.messages.dropped", "{message}", "Messages to or from peers dropped because a queue was full.");
}
