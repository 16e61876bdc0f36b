namespace XCron.Raft.Tests.Simulation;

/// <summary>The judge must be judged: histories of which it is known whether they are linearizable.</summary>
internal sealed class LinearizabilityCheckerTests
{
    [Test]
    public void One_after_the_other_is_fine()
    {
        var history = new HistoryOf().Wrote(1, 5).Read(2, 5).Set(1, 5, 6).Read(2, 6);

        Assert.That(history.Verdict, Is.Null);
    }

    [Test]
    public void A_stale_read_is_caught()
    {
        var history = new HistoryOf().Wrote(1, 5).Wrote(1, 6).Read(2, 5);

        Assert.That(history.Verdict, Does.Contain("register 0 is not linearizable"));
    }

    [Test]
    public void A_lost_write_is_caught()
    {
        var history = new HistoryOf().Wrote(1, 5).Read(2, 0);

        Assert.That(history.Verdict, Is.Not.Null);
    }

    [Test]
    public void A_write_that_is_applied_twice_is_caught()
    {
        var history = new HistoryOf().Wrote(1, 5).Wrote(2, 6).Read(3, 6).Read(3, 5);

        Assert.That(history.Verdict, Is.Not.Null);
    }

    [Test]
    public void A_rejected_write_that_is_seen_is_caught()
    {
        var history = new HistoryOf()
            .Begins(1, HistoryOperation.Write, 5).Ends(1, HistoryKind.Fail, HistoryOperation.Write, 5)
            .Read(2, 5);

        Assert.That(history.Verdict, Is.Not.Null);
    }

    [Test]
    public void Two_compare_and_sets_of_one_value_cannot_both_succeed()
    {
        var history = new HistoryOf()
            .Wrote(1, 5)
            .Begins(1, HistoryOperation.CompareAndSet, 6, 5)
            .Begins(2, HistoryOperation.CompareAndSet, 7, 5)
            .Ends(1, HistoryKind.Ok, HistoryOperation.CompareAndSet, 6, 5)
            .Ends(2, HistoryKind.Ok, HistoryOperation.CompareAndSet, 7, 5);

        Assert.That(history.Verdict, Is.Not.Null);
    }

    [Test]
    public void A_mismatch_without_another_value_is_caught()
    {
        var history = new HistoryOf()
            .Wrote(1, 5)
            .Begins(2, HistoryOperation.CompareAndSet, 6, 5)
            .Ends(2, HistoryKind.Mismatch, HistoryOperation.CompareAndSet, 6, 5);

        Assert.That(history.Verdict, Is.Not.Null);
    }

    [Test]
    public void Overlapping_operations_may_happen_in_either_order()
    {
        var history = new HistoryOf()
            .Begins(1, HistoryOperation.Write, 5)
            .Begins(2, HistoryOperation.Write, 6)
            .Read(3, 6)
            .Read(3, 5)
            .Ends(1, HistoryKind.Ok, HistoryOperation.Write, 5)
            .Ends(2, HistoryKind.Ok, HistoryOperation.Write, 6);

        Assert.That(history.Verdict, Is.Null);
    }

    [TestCase(5, true, Description = "it happens at once")]
    [TestCase(6, true, Description = "it has not happened yet")]
    [TestCase(7, false, Description = "nobody wrote that")]
    public void What_is_unknown_may_have_happened_late_or_never(long read, bool isFine)
    {
        var history = new HistoryOf()
            .Begins(1, HistoryOperation.Write, 5).Ends(1, HistoryKind.Info, HistoryOperation.Write, 5)
            .Wrote(2, 6)
            .Read(3, read);

        Assert.That(history.Verdict is null, Is.EqualTo(isFine));
    }

    [Test]
    public void What_is_unknown_happens_once_at_most()
    {
        var history = new HistoryOf()
            .Begins(1, HistoryOperation.Write, 5)
            .Read(2, 5).Wrote(2, 6).Read(2, 6).Read(2, 5);

        Assert.That(history.Verdict, Is.Not.Null);
    }

    [Test]
    public void Keys_are_judged_apart()
    {
        var history = new HistoryOf().Wrote(1, 5).Wrote(1, 6, key: 1).Read(2, 5).Read(2, 6, key: 1);

        Assert.That(history.Verdict, Is.Null);
    }

    [Test]
    public void A_random_register_is_linearizable_and_with_one_answer_changed_mostly_not()
    {
        var caught = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var (fine, broken) = RandomHistory(new Random(seed));

            Assert.That(LinearizabilityChecker.Check(fine, out _), Is.Null, $"seed {seed}");
            caught += LinearizabilityChecker.Check(broken, out _) is null ? 0 : 1;
        }

        Assert.That(caught, Is.GreaterThan(150), "of 200; some changed answers are right by chance");
    }

    /// <summary>Clients on one register that does what they ask at some moment before they hear of it.</summary>
    private static (List<HistoryEvent> Fine, List<HistoryEvent> Broken) RandomHistory(Random random)
    {
        var history = new List<HistoryEvent>();
        var open = new Dictionary<int, (HistoryEvent Asked, HistoryEvent? Done)>();
        var (register, written) = (0L, 0L);
        for (var time = 0; time < 300; time++)
        {
            var process = random.Next(5);
            if (!open.TryGetValue(process, out var at))
            {
                var operation = (HistoryOperation)random.Next(3);
                var value = operation == HistoryOperation.Read ? 0 : ++written;
                var asked = new HistoryEvent(process, HistoryKind.Invoke, operation, 0, value, register, time);
                history.Add(asked);
                open[process] = (asked, null);
            }
            else if (at.Done is null)
            {
                open[process] = at with { Done = Do(at.Asked, ref register) };
            }
            else
            {
                history.Add(at.Done.Value with { TimeMs = time });
                open.Remove(process);
            }
        }

        var reads = Enumerable.Range(0, history.Count)
            .Where(i => history[i] is { Kind: HistoryKind.Ok, Operation: HistoryOperation.Read })
            .ToArray();
        var changed = reads[random.Next(reads.Length)];
        var broken = new List<HistoryEvent>(history);
        broken[changed] = broken[changed] with { Value = history[reads[random.Next(reads.Length)]].Value + 1 };
        return (history, broken);
    }

    private static HistoryEvent Do(in HistoryEvent asked, ref long register)
    {
        switch (asked.Operation)
        {
            case HistoryOperation.Read:
                return asked with { Kind = HistoryKind.Ok, Value = register };
            case HistoryOperation.CompareAndSet when asked.Expected != register:
                return asked with { Kind = HistoryKind.Mismatch };
            default:
                register = asked.Value;
                return asked with { Kind = HistoryKind.Ok };
        }
    }

    /// <summary>A history, written down step by step.</summary>
    private sealed class HistoryOf
    {
        private readonly List<HistoryEvent> _events = [];

        public string? Verdict => LinearizabilityChecker.Check(_events, out _);

        public HistoryOf Begins(int process, HistoryOperation operation, long value, long expected = 0, int key = 0) =>
            Ends(process, HistoryKind.Invoke, operation, value, expected, key);

        public HistoryOf Ends(
            int process, HistoryKind kind, HistoryOperation operation, long value, long expected = 0, int key = 0)
        {
            _events.Add(new HistoryEvent(process, kind, operation, key, value, expected, _events.Count));
            return this;
        }

        public HistoryOf Wrote(int process, long value, int key = 0) =>
            Begins(process, HistoryOperation.Write, value, key: key)
                .Ends(process, HistoryKind.Ok, HistoryOperation.Write, value, key: key);

        public HistoryOf Set(int process, long expected, long value) =>
            Begins(process, HistoryOperation.CompareAndSet, value, expected)
                .Ends(process, HistoryKind.Ok, HistoryOperation.CompareAndSet, value, expected);

        public HistoryOf Read(int process, long value, int key = 0) =>
            Begins(process, HistoryOperation.Read, 0, key: key)
                .Ends(process, HistoryKind.Ok, HistoryOperation.Read, value, key: key);
    }
}
