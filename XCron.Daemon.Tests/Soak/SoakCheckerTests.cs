namespace XCron.Daemon.Tests.Soak;

/// <summary>A checker that finds nothing proves nothing: each broken promise is found, and only those.</summary>
internal sealed class SoakCheckerTests
{
    private const long DueMs = 1_000_000;

    private static TaskStory Story => new()
    {
        Key = "k1",
        DueMs = DueMs,
        Created = Ending.Done,
        CreatedMs = DueMs - 5000,
        CompletedMs = DueMs + 8000,
    };

    private static FaultWindow Killed => new(FaultKind.Kill, 1, DueMs, DueMs + 3000);

    [Test]
    public void A_run_that_was_sent_once_is_as_it_must_be()
    {
        var verdict = Check(Story, [Call(DueMs + 12)]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(verdict.Findings, Is.Empty);
            Assert.That(verdict.Due, Is.EqualTo(1));
            Assert.That(verdict.Sent, Is.EqualTo(1));
            Assert.That(verdict.LatenessMs, Is.EqualTo([12L]));
            Assert.That(verdict.QuietLatenessMs, Is.EqualTo([12L]));
        }
    }

    [Test]
    public void An_acknowledged_task_that_was_never_called_is_lost() =>
        Assert.That(Check(Story, []).Lost, Is.EqualTo(1));

    [Test]
    public void A_task_that_an_answer_does_not_know_is_lost()
    {
        var story = Story;
        story.WasMissed = true;

        Assert.That(Check(story, [Call(DueMs)]).Lost, Is.EqualTo(1));
    }

    [Test]
    public void A_task_that_is_over_may_be_swept_early_by_a_clock_that_was_far_off_and_for_no_other_reason()
    {
        var ahead = new FaultWindow(FaultKind.Skew, 0, DueMs + 2000, DueMs + 9000) { AheadMs = 3_600_000 };
        var story = Story;
        story.WasMissed = true;
        story.CompletedMs = 0;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Check(story, [Call(DueMs)], ahead).Findings, Is.Empty);
            Assert.That(Check(story, [], ahead).Lost, Is.EqualTo(2), "missed, and never called");
            Assert.That(Check(story, [Call(DueMs)], ahead with { AheadMs = 2000 }).Lost, Is.EqualTo(1));
        }
    }

    [Test]
    public void A_run_that_is_not_recorded_in_the_end_is_found()
    {
        var story = Story;
        story.CompletedMs = 0;

        Assert.That(Check(story, [Call(DueMs)]).Findings, Has.Exactly(1).Contains("not recorded"));
    }

    [Test]
    public void A_refused_create_must_not_be_called()
    {
        var story = Story;
        story.Created = Ending.Refused;

        Assert.That(Check(story, [Call(DueMs)]).Findings, Has.Exactly(1).Contains("refused"));
    }

    [Test]
    public void An_early_call_is_found_unless_a_clock_was_ahead_by_as_much()
    {
        var ahead = new FaultWindow(FaultKind.Skew, 0, DueMs - 9000, DueMs - 3000) { AheadMs = 500 };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Check(Story, [Call(DueMs - 1)]).Early, Is.EqualTo(1));
            Assert.That(Check(Story, [Call(DueMs - 500)], ahead).Early, Is.Zero);
            Assert.That(Check(Story, [Call(DueMs - 501)], ahead).Early, Is.EqualTo(1));
            Assert.That(Check(Story, [Call(DueMs + 9)], ahead with { AheadMs = -3_600_000 }).Early, Is.Zero);
        }
    }

    [Test]
    public void A_double_is_explained_by_a_death_between_and_by_nothing_else()
    {
        TaskCall[] calls = [Call(DueMs), Call(DueMs + 2500, attempt: 2)];
        var elsewhen = new FaultWindow(FaultKind.Kill, 1, DueMs + 2600, DueMs + 9000);
        var transfer = new FaultWindow(FaultKind.Transfer, 1, DueMs, DueMs + 3000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Check(Story, calls).Unexplained, Is.EqualTo(1));
            Assert.That(Check(Story, calls, Killed).Doubled, Is.EqualTo(1));
            Assert.That(Check(Story, calls, Killed).Unexplained, Is.Zero);
            Assert.That(Check(Story, calls, elsewhen).Unexplained, Is.EqualTo(1));
            Assert.That(Check(Story, calls, transfer).Unexplained, Is.EqualTo(1));
        }
    }

    [Test]
    public void A_call_after_a_recorded_success_is_not_explained_by_what_came_later()
    {
        var story = Story;
        story.CompletedMs = DueMs + 100;
        var later = new FaultWindow(FaultKind.Kill, 1, DueMs + 200, DueMs + 3000);

        Assert.That(Check(story, [Call(DueMs), Call(DueMs + 2500, attempt: 2)], later).Unexplained, Is.EqualTo(1));
    }

    [Test]
    public void A_retry_of_a_failed_attempt_is_no_double()
    {
        TaskCall[] calls = [Call(DueMs) with { IsOk = false }, Call(DueMs + 700, attempt: 2)];

        var verdict = Check(Story, calls);

        Assert.That(verdict.Doubled, Is.Zero);
        Assert.That(verdict.Findings, Is.Empty);
    }

    [Test]
    public void A_second_run_of_the_same_time_is_found_whatever_fault_there_was()
    {
        TaskCall[] calls = [Call(DueMs), Call(DueMs + 2500) with { RunId = "7-2" }];

        Assert.That(Check(Story, calls, Killed).Findings, Has.Exactly(1).Contains("two runs of the same time"));
    }

    [Test]
    public void A_task_created_twice_is_found() =>
        Assert.That(
            Check(Story, [Call(DueMs), Call(DueMs) with { TaskId = "8" }]).Findings,
            Has.Exactly(1).Contains("two task ids"));

    [TestCase(false, 1, 1)]
    [TestCase(true, 1, 0)]
    [TestCase(true, 2, 2)]
    public void After_a_delete_at_most_the_one_attempt_that_was_under_way_arrives(bool wasRunning, int calls, int found)
    {
        var story = Deleted(wasRunning);

        var arrived = Enumerable.Range(1, calls).Select(i => Call(DueMs + i) with { IsOk = i == calls });

        Assert.That(Check(story, [.. arrived]).AfterDelete, Is.EqualTo(found));
    }

    [Test]
    public void A_retry_after_a_delete_is_found()
    {
        TaskCall[] calls = [Call(DueMs - 200) with { IsOk = false, ScheduledMs = DueMs - 1000 }, Call(DueMs + 300)];

        Assert.That(Check(Deleted(wasRunning: false), calls).AfterDelete, Is.EqualTo(1));
    }

    [Test]
    public void What_was_under_way_at_a_delete_does_not_arrive_much_later_without_a_fault()
    {
        var story = Deleted(wasRunning: true);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Check(story, [Call(DueMs + 9000)]).AfterDelete, Is.EqualTo(1));
            Assert.That(
                Check(story, [Call(DueMs + 9000)], new FaultWindow(FaultKind.Pause, 0, DueMs - 100, DueMs + 9000))
                    .AfterDelete,
                Is.Zero);
        }
    }

    [Test]
    public void A_create_that_got_no_answer_may_make_another_task_once_a_delete_has_freed_its_name()
    {
        var story = Deleted(wasRunning: false);
        story.TaskIds.Add("7");
        story.DoubtfulCreates = 1;
        var late = Call(DueMs + 4000) with { TaskId = "8", RunId = "8-1" };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Check(story, [late]).Findings, Is.Empty);
            Assert.That(Check(story, [late, Call(DueMs + 9)]).AfterDelete, Is.EqualTo(1), "the one that was deleted");
            Assert.That(
                Check(story, [late, late with { TaskId = "9", RunId = "9-1" }]).AfterDelete,
                Is.EqualTo(1),
                "one create makes one task");
            Assert.That(
                Check(story, [late with { ArrivedMs = story.DeleteAskedMs - 1 }]).Findings,
                Is.Not.Empty,
                "the name was not free yet");
            Assert.That(
                Check(story, [late, late with { Attempt = 2, ArrivedMs = late.ArrivedMs + 900 }]).Unexplained,
                Is.EqualTo(1),
                "it keeps the other rules");
        }
    }

    [Test]
    public void Without_a_create_in_doubt_or_without_a_delete_a_second_task_is_found()
    {
        var sure = Deleted(wasRunning: false);
        sure.TaskIds.Add("7");
        var kept = Story;
        kept.TaskIds.Add("7");
        kept.DoubtfulCreates = 1;
        var late = Call(DueMs + 4000) with { TaskId = "8", RunId = "8-1" };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Check(sure, [late]).Findings, Has.Some.Contains("two task ids"));
            Assert.That(Check(kept, [Call(DueMs), late]).Findings, Has.Some.Contains("two task ids"));
        }
    }

    [Test]
    public void A_run_that_is_very_late_is_told_of_and_not_lost()
    {
        var verdict = Check(Story, [Call(DueMs + 12_345)]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(verdict.Findings, Is.Empty);
            Assert.That(verdict.Lost, Is.Zero);
            Assert.That(verdict.Late, Is.EqualTo(["k1 (7-1): due at 1000000, 12345 ms late"]));
            Assert.That(Check(Story, [Call(DueMs + 10_000)]).Late, Is.Empty);
        }
    }

    [Test]
    public void A_double_is_explained_by_an_end_that_cut_its_result_off_and_not_by_one_that_did_not()
    {
        TaskCall[] calls = [Call(DueMs), Call(DueMs + 7000, attempt: 2)];
        var ended = new FaultWindow(FaultKind.Stop, 1, DueMs, DueMs + 6000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Check(Story, calls, ended).Unexplained, Is.EqualTo(1));
            Assert.That(Check(Story, calls, ended with { Kind = FaultKind.CutOff }).Unexplained, Is.Zero);
        }
    }

    [Test]
    public void A_delete_whose_outcome_is_unknown_allows_both()
    {
        var story = Deleted(wasRunning: false);
        story.Deleted = Ending.Unknown;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Check(story, []).Findings, Is.Empty);
            Assert.That(Check(story, [Call(DueMs + 1)]).Findings, Is.Empty);
        }
    }

    [Test]
    public void Every_due_time_of_a_periodic_task_counts()
    {
        var story = new TaskStory
        {
            Key = "k2",
            PeriodMs = 2000,
            Runs = 3,
            Created = Ending.Done,
            CreatedMs = DueMs - 2000,
            CompletedMs = DueMs + 9000,
        };
        TaskCall[] calls = [At(DueMs, 1), At(DueMs + 2000, 2), At(DueMs + 4000, 3)];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Check(story, calls).Findings, Is.Empty);
            Assert.That(Check(story, calls[..2]).Lost, Is.EqualTo(1));
            Assert.That(Check(story, [.. calls, At(DueMs + 6000, 4)]).Findings, Has.Exactly(1).Contains("must be 3"));
            Assert.That(
                Check(story, [calls[0], calls[1], At(DueMs + 4001, 3)]).Findings,
                Has.Exactly(1).Contains("none of its"));
        }
    }

    [Test]
    public void The_line_has_every_figure()
    {
        var line = Check(Story, [Call(DueMs + 12), Call(DueMs + 2500, attempt: 2)], Killed)
            .Line([Killed], 7, [FaultKind.DiskFull]);

        Assert.That(line, Is.EqualTo(
            "runs due 1, sent 1, lost 0, early 0, doubled 1 (unexplained 0), after delete 0; "
            + "lateness p50 12 ms, p99 12 ms, max 12 ms, without faults unknown, over 10 s: 0; "
            + "faults: kill 1 (without disk-full); seed 7"));
    }

    private static TaskStory Deleted(bool wasRunning)
    {
        var story = Story;
        story.DeleteAskedMs = DueMs - 20;
        story.Deleted = Ending.Done;
        story.DeletedMs = DueMs;
        story.WasRunning = wasRunning;
        return story;
    }

    private static TaskCall Call(long arrivedMs, int attempt = 1) =>
        new("7", "7-1", attempt, DueMs, arrivedMs, IsOk: true);

    private static TaskCall At(long scheduledMs, int run) =>
        new("7", $"7-{run}", 1, scheduledMs, scheduledMs + 3, IsOk: true);

    private static SoakVerdict Check(TaskStory story, TaskCall[] calls, params FaultWindow[] windows)
    {
        story.Calls.Clear();
        story.Calls.AddRange(calls);
        return new SoakChecker(windows).Check([story]);
    }
}
