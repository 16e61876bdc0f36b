using XCron.Daemon.Commands;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Three schedulers, and to one of them, which owns its share, the log does not come any more: it is heard, and hears
/// who leads, and its claims get through; but of what it is granted it learns nothing.
/// </summary>
internal sealed class LaggingOwnerTests
{
    private const int Tasks = 120;
    private const long FirstDueMs = 12_000;
    private const long LastDueMs = 72_000;
    private const long CutFromMs = 10_000;
    private const long CutMs = 40_000;

    /// <summary>Twice the owner timeout until it counts as lagging, the quiet of its last claim, and a look.</summary>
    private const long MostLateMs = 7000;

    [Test]
    public void What_is_due_at_a_member_that_the_log_does_not_reach_is_sent_by_others_once_and_soon(
        [Values(1, 2, 3, 4)] int seed)
    {
        var cluster = SimulatedCluster.Form(seed, snapshotLogBytes: 20_000);
        var creates = cluster.CreateOneShotsBetween(Tasks, FirstDueMs, LastDueMs);
        cluster.GoOn(CutFromMs - 5000);
        Assert.That(creates.Select(static create => create.Code), Is.All.Zero);
        var leader = cluster.Leader;
        var cut = cluster.Followers[0];
        var ofCut = cut.Process!.Session;
        var before = Shares(leader, ofCut);

        cluster.World.Network.CutLog(cut.Id);
        cluster.GoOn(CutMs);
        var during = Shares(leader, ofCut);
        cluster.World.Network.MendAll();
        cluster.GoOn(LastDueMs - CutFromMs - CutMs + 20_000);

        var calls = cluster.History.Calls;
        var late = calls.Where(static call => call.StartMs - call.ScheduledMs > MostLateMs);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.InRange(85, 86));
            Assert.That(during, Is.Zero);
            Assert.That(Shares(leader, ofCut), Is.InRange(85, 86), "it has caught up");
            Assert.That(calls.Select(static call => call.Story).Distinct().Count(), Is.EqualTo(Tasks), "all are sent");
            Assert.That(calls, Has.Count.EqualTo(Tasks), "and none twice");
            Assert.That(late, Is.Empty);
            Assert.That(calls.Count(call => call.Sender == ofCut), Is.Positive, "the one of them, before or after");
        }
    }

    private static int Shares(SimulatedMachine leader, OwnerSession session) =>
        leader.Process!.State.Ownership.Sessions.Count(owner => owner == session);
}
