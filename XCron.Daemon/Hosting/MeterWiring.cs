using XCron.Daemon.Diagnostics;
using XCron.Daemon.Firing;
using XCron.Daemon.Peers;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>Joins what the stations know to the metrics.</summary>
internal static class MeterWiring
{
    public static void Observe(
        DaemonMetrics metrics,
        RaftNode node,
        ITaskReader tasks,
        FiringStation firing,
        FiringMeters meters,
        PeerStation peers,
        MachineSampler machine,
        MemberDirectory members)
    {
        metrics.ObserveGauge(
            "xcron.clock.offset.max", "s", "The other node's clock that is furthest from this one's, minus this one's.",
            () => members.Snapshot().MaxBy(status => status.ClockOffset?.Duration())?.ClockOffset?.TotalSeconds);
        metrics.ObserveMachine(() => machine.Latest);
        metrics.ObserveTasks(() => TasksByState(tasks.Counters));
        metrics.ObserveRuns(() => RunsByStatus(tasks.Counters));
        metrics.ObserveRaft(() => FiguresOf(node.Status));
        metrics.ObserveQueue("proposals", () => node.Status.PendingProposals);
        metrics.ObserveQueue("commands", () => peers.WaitingCommands);
        metrics.ObserveQueue("armed", () => firing.Figures.Armed);
        metrics.ObserveQueue("overdue", () => firing.Figures.Overdue);
        metrics.ObserveQueue("attempts_waiting", () => firing.Figures.AttemptsWaiting);
        metrics.ObserveQueue("attempts_in_flight", () => firing.Figures.AttemptsInFlight);
        metrics.ObserveQueue("results", () => firing.Figures.ResultsWaiting);
        metrics.ObserveGauge(
            "xcron.run.oldest_overdue", "s", "How long the oldest run that is due and not yet claimed has been due.",
            () => (double?)(firing.Figures.OldestOverdueMs / 1000.0));
        metrics.ObserveTotal("xcron.retries", "{attempt}", "Attempts repeated.", () => tasks.Counters.Retries);
        metrics.ObserveTotal(
            "xcron.reclaims", "{attempt}", "Attempts whose owner was lost, made again.", () => tasks.Counters.Reclaims);
        metrics.ObserveTotal(
            "xcron.claims.refused", "{claim}", "Claims that were not committed and are made again.",
            () => meters.ClaimsRefused);
        metrics.ObserveTotal(
            "xcron.results.refused", "{result}", "Results that were not committed and are recorded again.",
            () => meters.ResultsRefused);
    }

    private static RaftFigures FiguresOf(RaftStatus status) => new()
    {
        Term = status.Term,
        Role = status.Role,
        HasLeader = status.Leader != NodeId.None,
        CommitIndex = status.Commit,
        AppliedIndex = status.Applied,
        LastIndex = status.LastIndex,
        LogBytes = status.LogBytes,
    };

    private static IEnumerable<(string Status, long Count)> RunsByStatus(StateCounters counters) =>
        [("ok", counters.RunsOk), ("failed", counters.RunsFailed), ("skipped", counters.RunsSkipped)];

    private static IEnumerable<(string State, long Count)> TasksByState(StateCounters counters) =>
    [
        ("scheduled", counters.Scheduled),
        ("running", counters.Running),
        ("paused", counters.Paused),
        ("completed", counters.Completed),
        ("failed", counters.Failed),
        ("expired", counters.Expired),
    ];
}
