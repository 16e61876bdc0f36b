using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>The checker must be able to fail: each broken promise is shown to it.</summary>
internal sealed class HistoryCheckerTests
{
    private const long Minute = MadeHistory.MinuteMs;

    [Test]
    public void A_history_in_which_every_due_time_has_its_run_is_right()
    {
        var history = Begun();
        history.Serve(1, Minute);
        history.Serve(2, 2 * Minute);
        history.Asked("queryTask?task_id=1234", 0);
        history.Serve(3, 3 * Minute, lateMs: 900);

        var report = history.Judge((3 * Minute) + 10_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Wrongs, Is.Empty);
            Assert.That(report.Due, Is.EqualTo(3));
            Assert.That(report.Sent, Is.EqualTo(3));
            Assert.That(report.Lateness, Is.EqualTo([5L, 5L, 900L]));
        }
    }

    [Test]
    public void A_due_time_without_a_run_is_lost()
    {
        var history = Begun();
        history.Serve(1, Minute);
        history.GoTo((3 * Minute) + 5);
        history.Claim(3 * Minute); // passes over the second minute
        history.Send(2, 1, 3 * Minute);
        history.GoTo((3 * Minute) + 10);
        history.Finish(2, 1);

        var report = history.Judge((3 * Minute) + 10_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Lost, Is.EqualTo(1));
            Assert.That(report.Wrongs, Is.EqualTo([Contains("no run of 1234", report)]));
        }
    }

    [Test]
    public void A_one_shot_without_a_run_is_lost()
    {
        var history = new MadeHistory();
        history.GoTo(10_000);
        history.Create(Minute, oneShotMs: Minute);
        history.Asked("createTask", 0);

        var report = history.Judge(3 * Minute);

        Assert.That(report.Lost, Is.EqualTo(1));
    }

    [Test]
    public void What_the_cluster_could_not_serve_is_not_lost()
    {
        var history = Begun();
        history.Serve(1, Minute);
        var from = history.WallMs((2 * Minute) - 1000);
        history.History.Troubles.Add(new Trouble("storm", default, from, from + 50_000));
        history.Serve(2, 3 * Minute);

        var report = history.Judge((3 * Minute) + 10_000);

        Assert.That(report.Wrongs, Is.Empty);
    }

    [Test]
    public void A_claim_that_is_never_sent_is_told()
    {
        var history = Begun();
        history.GoTo(Minute + 5);
        history.Claim(Minute);
        history.GoTo(Minute + 15);
        history.Finish(1, 1);

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("was never sent"));
    }

    [TestCase(-10, 1)]
    [TestCase(9, 1)]
    [TestCase(10, 0)]
    public void A_run_that_is_sent_before_its_time_is_early_unless_its_senders_clock_was_ahead(long aheadMs, int early)
    {
        var history = Begun();
        history.GoTo(Minute - 10);
        history.Claim(Minute, aheadMs: 10);
        history.Send(1, 1, Minute, aheadMs: aheadMs);
        history.GoTo(Minute);
        history.Finish(1, 1);

        var report = history.Judge(Minute + 30_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Early, Is.EqualTo(early));
            Assert.That(report.Wrongs, early == 0 ? Is.Empty : Has.Some.Contains("early by 10 ms"));
        }
    }

    [Test]
    public void A_late_run_in_quiet_times_is_told()
    {
        var history = Begun();
        history.Serve(1, Minute, lateMs: 5001);

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("late by 5001 ms"));
    }

    [Test]
    public void An_attempt_that_is_sent_twice_is_told()
    {
        var history = Begun();
        history.Serve(1, Minute);
        history.History.Calls.Insert(1, history.History.Calls[0] with { });

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("an attempt was sent twice"));
    }

    [TestCase(2, 1)]
    [TestCase(1, 2)]
    public void A_run_or_attempt_that_no_claim_opened_is_told(long run, int attempt)
    {
        var history = Begun();
        history.Serve(1, Minute);
        history.Send(run, attempt, Minute);

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("sent without the log's leave"));
    }

    [Test]
    public void What_another_session_claimed_is_not_this_ones_to_send()
    {
        var history = Begun();
        history.GoTo(Minute + 5);
        history.Claim(Minute);
        history.Send(1, 1, Minute, by: MadeHistory.Other);

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("sent without the log's leave"));
    }

    [Test]
    public void A_run_that_is_sent_again_after_its_2xx_is_a_double_and_wrong_unless_its_sender_was_lost(
        [Values] bool isExcused)
    {
        var history = Begun();
        history.GoTo(Minute + 5);
        history.Claim(Minute);
        history.Send(1, 1, Minute);
        history.GoTo(Minute + 3000);
        if (isExcused)
        {
            var now = history.WallMs(Minute + 1000);
            history.History.Troubles.Add(new Trouble("kill", MadeHistory.Owner.Node, now, now + 500));
        }

        history.MoveAll();
        history.Claim(Minute, ClaimAction.Reclaim, MadeHistory.Other);
        history.Send(1, 2, Minute, by: MadeHistory.Other);

        var report = history.Judge(Minute + 4000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Doubled, Is.EqualTo(1));
            Assert.That(report.Wrongs, isExcused ? Is.Empty : Has.Some.Contains("sent again after a 2xx"));
        }
    }

    [Test]
    public void A_run_that_is_sent_after_its_success_was_recorded_is_told()
    {
        var history = Begun();
        history.Serve(1, Minute);
        history.History.Calls[0] = history.History.Calls[0] with { StartMs = history.WallMs(Minute + 2000) };

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("sent after its success was recorded"));
    }

    [Test]
    public void Nothing_is_sent_after_a_delete_that_says_that_none_is_on_its_way()
    {
        var history = Begun();
        history.Serve(1, Minute);
        history.Delete();
        history.Asked("deleteTask", 0);
        history.History.Calls[0] = history.History.Calls[0] with { StartMs = history.WallMs(Minute + 2000) };

        var report = history.Judge(Minute + 30_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.AfterDelete, Is.EqualTo(1));
            Assert.That(report.Wrongs, Has.Some.Contains("sent after the task was gone"));
            Assert.That(report.Wrongs, Has.Some.Contains("answered with running: false"));
        }
    }

    [TestCase(900, true)]
    [TestCase(1200, false)]
    public void What_was_claimed_before_a_delete_may_begin_while_its_owner_cannot_know(long afterMs, bool isRight)
    {
        var history = Begun();
        history.GoTo(Minute + 5);
        history.Claim(Minute);
        history.Delete();
        history.GoTo(Minute + 5 + afterMs);
        history.Send(1, 1, Minute);

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, isRight ? Is.Empty : Has.Some.Contains("beyond the fence"));
    }

    [TestCase(10, true)]
    [TestCase(200, false)]
    public void What_was_claimed_before_a_delete_does_not_begin_after_its_answer(long afterMs, bool isRight)
    {
        var history = Begun();
        history.GoTo(Minute + 5);
        history.Claim(Minute);
        history.Delete();
        history.GoTo(Minute + 6);
        history.Asked("deleteTask", 0, wasRunning: true);
        history.GoTo(Minute + 6 + afterMs);
        history.Send(1, 1, Minute);

        var report = history.Judge(Minute + 30_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.AfterDelete, Is.EqualTo(1));
            Assert.That(report.Wrongs, isRight ? Is.Empty : Has.Some.Contains("after a delete was answered"));
        }
    }

    [Test]
    public void An_answered_delete_says_nothing_of_the_task_that_a_create_in_doubt_made_after_it()
    {
        var history = Begun();
        history.Delete();
        history.Asked("deleteTask", 0);
        history.GoTo(20_000);
        history.Task = new TaskId(5678);
        history.Create(Minute);
        history.GoTo(Minute + 5);
        history.Claim(Minute);
        history.Delete(); // which nobody was answered
        history.GoTo(Minute + 100);
        history.Send(1, 1, Minute);

        var report = history.Judge(Minute + 30_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Wrongs, Is.Empty);
            Assert.That(report.AfterDelete, Is.Zero);
        }
    }

    [Test]
    public void A_run_for_a_time_that_was_never_due_is_told()
    {
        var history = Begun();
        history.GoTo((2 * Minute) + 5);
        history.Claim(Minute + 30_000);
        history.Send(1, 1, Minute + 30_000);
        history.Finish(1, 1);

        var report = history.Judge((2 * Minute) + 10_000);

        Assert.That(report.Wrongs, Has.Some.Contains("which is no due time of its"));
    }

    [Test]
    public void Two_runs_for_one_due_time_are_told()
    {
        var history = Begun();
        history.Serve(1, Minute);
        var log = history.History.Log;
        var claimed = log.First(happened => happened.Kind == LogKind.Claim);
        var again = claimed.After! with { Run = claimed.After.Run! with { Sequence = 2 } };
        log.Add(claimed with { Before = null, After = again });

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("two runs of 1234"));
    }

    [Test]
    public void A_wrong_first_due_time_is_told()
    {
        var history = new MadeHistory();
        history.GoTo(10_000);
        history.Create(2 * Minute);
        history.Asked("createTask", 0);

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("is due first at"));
    }

    [Test]
    public void A_run_that_was_left_running_is_told()
    {
        var history = Begun();
        history.GoTo(Minute + 5);
        history.Claim(Minute);
        history.Send(1, 1, Minute);

        var report = history.Judge(3 * Minute);

        Assert.That(report.Wrongs, Has.Some.Contains("was left running"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_late_run_is_told_unless_it_waited_behind_an_older_one(bool hasOlder)
    {
        var history = Begun();
        var from = history.WallMs(Minute - 1000);
        history.History.Troubles.Add(new Trouble("storm", default, from, from + 2000));
        history.Serve(1, Minute, lateMs: hasOlder ? Minute + 10_000 : 5);
        history.Serve(2, 2 * Minute, lateMs: 10_100);

        var report = history.Judge((2 * Minute) + 30_000);

        Assert.That(report.Wrongs.Where(static wrong => wrong.Contains("late by 10100 ms")),
            hasOlder ? Is.Empty : Has.Exactly(1).Items);
    }

    [Test]
    public void A_run_that_waits_for_a_time_which_has_not_come_is_not_left_running()
    {
        var history = Begun();
        history.Serve(1, Minute);
        history.GoTo(Minute + 30);
        history.Claim(60 * Minute, aheadMs: 60 * Minute);

        var report = history.Judge(Minute + 30_000);

        Assert.That(report.Wrongs, Is.Empty);
    }

    [Test]
    public void A_task_that_came_to_its_end_owes_nothing_until_an_update_gives_it_another_life()
    {
        var history = new MadeHistory();
        history.GoTo(10_000);
        history.Create(Minute, maxRuns: 1);
        history.Serve(1, Minute, isLast: true);
        history.GoTo((3 * Minute) + 30_000);
        history.Update(4 * Minute);
        history.Serve(2, 4 * Minute);

        var report = history.Judge((4 * Minute) + 10_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Wrongs, Is.Empty);
            Assert.That(report.Due, Is.EqualTo(2));
        }
    }

    [Test]
    public void A_task_that_ends_too_early_is_told_though_an_update_hides_it()
    {
        var history = new MadeHistory();
        history.GoTo(10_000);
        history.Create(Minute, maxRuns: 2);
        history.Serve(1, Minute, isLast: true);
        history.GoTo((3 * Minute) + 30_000);
        history.Update(4 * Minute);
        history.Serve(2, 4 * Minute);

        var report = history.Judge((4 * Minute) + 10_000);

        Assert.That(report.Wrongs, Is.EqualTo([Contains("did not come to its end", report)]));
    }

    [Test]
    public void A_create_that_was_acknowledged_and_is_not_in_the_log_is_told()
    {
        var history = Begun();
        var lost = history.Asked("createTask", 0);
        lost.TaskId = new TaskId(4321);

        var report = history.Judge(30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("acknowledged and not in the log"));
    }

    [TestCase("deleteTask")]
    [TestCase("pauseTask")]
    [TestCase("resumeTask")]
    [TestCase("runTask")]
    public void A_change_that_was_acknowledged_and_is_not_in_the_log_is_told(string call)
    {
        var history = Begun();
        history.GoTo(20_000);
        history.Asked(call, 0);

        var report = history.Judge(30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("acknowledged and not in the log"));
    }

    [Test]
    public void A_create_that_was_refused_and_is_in_the_log_is_told()
    {
        var history = new MadeHistory();
        history.GoTo(10_000);
        history.Create(Minute);
        history.Asked("createTask", 1052);

        var report = history.Judge(30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("refused and yet created"));
    }

    [Test]
    public void What_waits_for_a_run_that_began_in_the_millisecond_of_anothers_end_is_not_late()
    {
        var history = Begun();
        history.GoTo(Minute + 5);
        history.Claim(Minute);
        history.Send(1, 1, Minute);
        history.GoTo((2 * Minute) + 5);
        history.Claim(2 * Minute, ClaimAction.Queue);
        history.GoTo((3 * Minute) - 86);
        history.Finish(1, 1);
        history.ClaimQueued(2 * Minute);
        history.Send(2, 1, 2 * Minute);
        history.GoTo((3 * Minute) + 5);
        history.Claim(3 * Minute, ClaimAction.Queue);
        history.GoTo((3 * Minute) + 5915);
        history.Finish(2, 1);
        history.ClaimQueued(3 * Minute);
        history.Send(3, 1, 3 * Minute);
        history.Finish(3, 1);

        var report = history.Judge((3 * Minute) + 10_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Wrongs, Is.Empty);
            Assert.That(report.Lateness, Is.EqualTo([5L]), "of the first, which waited for nobody");
        }
    }

    [Test]
    public void A_task_that_is_there_and_is_not_found_is_told()
    {
        var history = Begun();
        history.GoTo(20_000);
        history.Asked("queryTask?task_id=1234", 1030);

        var report = history.Judge(30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("not found although it is there"));
    }

    [Test]
    public void A_task_that_is_deleted_and_is_found_is_told()
    {
        var history = Begun();
        history.GoTo(20_000);
        history.Delete();
        history.Asked("deleteTask", 0);
        history.GoTo(21_000);
        history.Asked("queryTask?task_id=1234", 0);

        var report = history.Judge(30_000);

        Assert.That(report.Wrongs, Has.Some.Contains("found although it was deleted"));
    }

    private static MadeHistory Begun()
    {
        var history = new MadeHistory();
        history.GoTo(10_000);
        history.Create(Minute);
        history.Asked("createTask", 0);
        return history;
    }

    private static string Contains(string text, SimulationReport report)
    {
        Assert.That(report.Wrongs, Has.One.Contains(text));
        return report.Wrongs.Single(wrong => wrong.Contains(text, StringComparison.Ordinal));
    }
}
