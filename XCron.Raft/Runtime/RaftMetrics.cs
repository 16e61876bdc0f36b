using System.Diagnostics.Metrics;

namespace XCron.Raft.Runtime;

/// <summary>What the library measures of itself, under the meter "XCron.Raft".</summary>
internal static class RaftMetrics
{
    private static readonly Meter Meter = new("XCron.Raft");

    public static readonly Histogram<double> FlushSeconds = Meter.CreateHistogram<double>(
        "xcron.raft.flush.duration", "s", "Time to write and fdatasync a batch of the log.");

    public static readonly Histogram<long> ApplyBatch = Meter.CreateHistogram<long>(
        "xcron.raft.apply.batch", "{entry}", "Entries applied at once.");

    public static readonly Counter<long> ProposalsRejected = Meter.CreateCounter<long>(
        "xcron.raft.proposals.rejected", "{proposal}", "Proposals refused before they were appended.");

    public static readonly Counter<long> MessagesDropped = Meter.CreateCounter<long>(
        "xcron.raft.messages.dropped", "{message}", "Messages to or from peers dropped because a queue was full.");
}
