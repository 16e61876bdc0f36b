using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

/// <summary>What the first version wrote keeps its meaning.</summary>
internal sealed class FirstFormatTests
{
    // Tasks 1: pending and named; 2: an attempt on its way; 3: waits for its retry; 4: a one-shot that went well;
    // 5: paused by 410; 6: an attempt on its way and a due time behind it; 7: passed over and completed.
    private const string Snapshot =
        "rwMIARABGgQIARALIoACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACgHMg0KCXNjaGVkdWxlZBABMgsKB3J1bm5pbmcQ"
        + "AzIKCgZwYXVzZWQQATINCgljb21wbGV0ZWQQAjIICgZmYWlsZWQyCwoHY3JlYXRlZBAHMgkKB2RlbGV0ZWQyCwoHcnVuc19vaxAB"
        + "Mg8KC3J1bnNfZmFpbGVkEAEyEAoMcnVuc19za2lwcGVkEAUyCQoHcmV0cmllczIKCghyZWNsYWltc0IIBRD0AxoNCAEqCWh0dHA6"
        + "Ly94LyADKAFIAVABWAFyGQgBEOgHGAEgASj0AzIDNTAwOOkHQOoHSAF5CwAAAAAAAAA2CAIQ9AMaDQgBKglodHRwOi8veC8gAjDQ"
        + "D0gBahAIARDoBxgBKgQIARALOOgHeQsAAAAAAAAAMggHEPQDGg0IASoJaHR0cDovL3gvIAIoAkCIJ2AEcgoQ6AcgAkDoB0gBeQsA"
        + "AAAAAAAAPAgEEPQDGg0IAioJaHR0cDovL3gvIAMoAkCoRkgBUAFyEggBEOgHGAEoyAE46QdA6gdIAXkLAAAAAAAAACsIARD0AxoW"
        + "CAEiB25pZ2h0bHkqCWh0dHA6Ly94LyABMNg2eQsAAAAAAAAAOwgGEPQDGg0IASoJaHR0cDovL3gvIAMwuBc40A9IAWABahAIARDo"
        + "BxgBKgQIARALOOgHeQsAAAAAAAAAUAgDEPQDGg0IASoJaHR0cDovL3gvIAMw0A9IAWoqCAEQ6AcYASABMNwLOOgHQhkIARDoBxgB"
        + "IAEo9AMyAzUwMDjpB0DqB0gBeQsAAAAAAAAA";

    [Test]
    public async Task A_snapshot_of_the_first_version_is_read_with_its_old_meaning()
    {
        var state = await Restored(Convert.FromBase64String(Snapshot));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(state.FindByName("nightly"), Is.SameAs(Find(state, 1)));
            Assert.That((Find(state, 1).NextDueMs, Find(state, 1).NextDelayMs), Is.EqualTo((7000, 0)));
            Assert.That(Find(state, 1).History, Is.Null);
            Assert.That(Find(state, 2).Run, Is.EqualTo(new OpenRun
            {
                Sequence = 1,
                ScheduledMs = 1000,
                Attempt = 1,
                ClaimedBy = Alpha,
                ClaimedMs = 1000,
            }));
            Assert.That(Find(state, 3).Run!.RetryAtMs, Is.EqualTo(1500));
            Assert.That(Find(state, 3).Run!.LastAttempt!.HttpStatus, Is.EqualTo(500));
            Assert.That((Find(state, 4).Phase, Find(state, 4).ExpireAtMs), Is.EqualTo((TaskPhase.Completed, 9000)));
            Assert.That(Find(state, 4).History!.ToList(), Is.EqualTo(new[] { Find(state, 4).LastRun }));
            Assert.That((Find(state, 5).Phase, Find(state, 5).NextDueMs), Is.EqualTo((TaskPhase.Paused, 0)));
            Assert.That((Find(state, 6).QueuedDueMs, Find(state, 6).NextDueMs), Is.EqualTo((2000, 3000)));
            Assert.That(Find(state, 7).Phase, Is.EqualTo(TaskPhase.Completed));
            Assert.That(Find(state, 7).LastRun!.Error, Is.Empty);
            Assert.That(state.Counters, Is.EqualTo(new StateCounters
            {
                Scheduled = 1,
                Running = 3,
                Paused = 1,
                Completed = 2,
                Created = 7,
                RunsOk = 1,
                RunsFailed = 1,
                RunsSkipped = 5,
            }));
        }
    }

    [Test]
    public async Task Claims_of_the_first_version_are_granted_on_its_snapshot()
    {
        var state = await Restored(Convert.FromBase64String(Snapshot));
        ClaimRun[] claims =
        [
            new() { TaskId = 3, Revision = Find(state, 3).Revision, Action = ClaimAction.Retry },
            new() { TaskId = 1, Revision = 1, Action = ClaimAction.SkipDue, ScheduledMs = 7000, ExpireAtMs = 9000 },
        ];

        var result = Apply(state, 1, TaskCommands.EncodeClaims(Alpha, 7000, claims));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.EqualTo(2));
            Assert.That(Find(state, 3).Run!.Attempt, Is.EqualTo(2));
            Assert.That(Find(state, 1).Phase, Is.EqualTo(TaskPhase.Completed), "without a reason nothing expires");
        }
    }

    [Test]
    public async Task A_task_that_the_first_version_paused_is_resumed_with_a_new_due_time()
    {
        var state = await Restored(Convert.FromBase64String(Snapshot));
        var resume = new ResumeTask
        {
            TaskId = 5,
            Revision = Find(state, 5).Revision,
            ReplacesDue = true,
            NextDueMs = 60_000,
            NextDelayMs = 7,
        };

        var result = Apply(state, 1, TaskCommands.EncodeResume(resume));

        Assert.That(result.Code, Is.Zero);
        Assert.That(Find(state, 5).WakeAtMs(Alpha), Is.EqualTo(60_007));
    }

    private static TaskRecord Find(SchedulerState state, long id) => state.Find(new TaskId(id))!;
}
