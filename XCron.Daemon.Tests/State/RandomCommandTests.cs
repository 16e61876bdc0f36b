using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.State;

/// <summary>The state under random logs: equal logs, equal bytes, whatever happens between.</summary>
internal sealed class RandomCommandTests
{
    private const int CommandCount = 4000;

    [Test]
    public async Task Equal_logs_give_equal_snapshots_also_over_a_restore_and_in_batches([Range(1, 4)] int seed)
    {
        var log = new List<byte[]>();
        var first = new SchedulerState();
        var checker = new StateChecker($"seed {seed}");
        first.Observe(checker);
        var source = new CommandSource(seed, first);
        var second = new SchedulerState();
        var restoreAt = new Random(seed).Next(CommandCount);
        for (var i = 0; i < CommandCount; i++)
        {
            var command = source.Next();
            log.Add(command);
            var firstResult = StateFixture.Apply(first, i + 1, command);
            var secondResult = StateFixture.Apply(second, i + 1, command);
            Assert.That(secondResult.Code, Is.EqualTo(firstResult.Code), $"seed {seed}, command {i}");
            Assert.That(
                secondResult.Data.Span.SequenceEqual(firstResult.Data.Span), Is.True, $"seed {seed}, command {i}");
            if (i == restoreAt)
                second = await StateFixture.Restored(await StateFixture.SnapshotOf(second));
            if (i % 500 == 0)
                checker.CheckAgainst(first);
        }

        checker.CheckAgainst(first);
        var snapshot = await StateFixture.SnapshotOf(first);
        var replayed = Replay(log, seed);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await StateFixture.SnapshotOf(second), Is.EqualTo(snapshot), $"restored, seed {seed}");
            Assert.That(await StateFixture.SnapshotOf(replayed), Is.EqualTo(snapshot), $"replayed, seed {seed}");
            Assert.That(replayed.StateHash(), Is.EqualTo(first.StateHash()), $"seed {seed}");
            Assert.That(replayed.Counters, Is.EqualTo(first.Counters), $"seed {seed}");

            // The log is worth its name: enough of everything has happened.
            Assert.That(checker.RunsOverCount, Is.GreaterThan(500), $"seed {seed}");
            Assert.That(first.Counters.Retries, Is.GreaterThan(50), $"seed {seed}");
            Assert.That(first.Counters.Reclaims, Is.GreaterThan(50), $"seed {seed}");
            Assert.That(checker.MostOpen, Is.GreaterThan(2), $"seed {seed}");
            Assert.That(checker.RunsByHand, Is.GreaterThan(20), $"seed {seed}");
            Assert.That(checker.Updates, Is.GreaterThan(20), $"seed {seed}");
            Assert.That(checker.Imports, Is.GreaterThan(2), $"seed {seed}");
            Assert.That(checker.Pauses, Is.GreaterThan(20), $"seed {seed}");
            Assert.That(checker.Resumes, Is.GreaterThan(20), $"seed {seed}");
        }

        TestContext.Out.WriteLine(first.Counters);
    }

    [Test]
    public async Task A_capture_stays_as_it_was_while_applying_goes_on([Range(11, 13)] int seed)
    {
        var random = new Random(seed);
        var state = new SchedulerState();
        var source = new CommandSource(seed, state);
        var open = new List<(ISnapshotView View, byte[] Expected)>();
        for (var i = 0; i < CommandCount / 2; i++)
        {
            StateFixture.Apply(state, i + 1, source.Next());
            if (i % 100 == 0)
                open.Add((state.Capture(), await StateFixture.SnapshotOf(state)));
            if (open.Count > random.Next(1, 6))
            {
                // Not always the oldest first, and now and then one is given up without being written.
                var (view, expected) = open[random.Next(open.Count)];
                open.RemoveAll(pair => pair.View == view);
                if (random.Next(5) != 0)
                    Assert.That(await StateFixture.BytesOf(view), Is.EqualTo(expected), $"seed {seed}, command {i}");
                view.Dispose();
            }
        }
    }

    [Test]
    public async Task A_capture_is_written_by_another_thread_and_read_by_many_while_applying_goes_on()
    {
        const int Seed = 21;
        var state = new SchedulerState();
        var source = new CommandSource(Seed, state);
        var commands = 0;
        for (; commands < 1000; commands++)
            StateFixture.Apply(state, commands + 1, source.Next());
        var expected = await StateFixture.SnapshotOf(state);
        using var over = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(i => Task.Run(() => Read(state, i, over.Token))).ToArray();

        for (var round = 0; round < 10; round++)
        {
            using var view = state.Capture();
            var writing = Task.Run(() => StateFixture.BytesOf(view));
            for (var i = 0; i < 200; i++)
                StateFixture.Apply(state, ++commands, source.Next());
            Assert.That(await writing, Is.EqualTo(expected), $"seed {Seed}, round {round}");
            expected = await StateFixture.SnapshotOf(state);
        }

        await over.CancelAsync();
        Assert.That(await Task.WhenAll(readers), Has.All.Positive);
    }

    private static long Read(SchedulerState state, int number, CancellationToken over)
    {
        var random = new Random(number);
        var reads = 0L;
        do
        {
            var shard = new Daemon.Commands.ShardId(random.Next(Daemon.Commands.ShardId.Count));
            foreach (var record in state.TasksOf(shard))
            {
                // May have changed or gone since, but is never another task's.
                if (state.Find(record.Id) is { } now && now.Id != record.Id)
                    throw new AssertionException($"{record.Id} found {now.Id}");
                reads++;
            }

            var name = $"name-{random.Next(60)}";
            var named = state.FindByName(name);
            if (named is not null && Daemon.Commands.DefinitionHead.NameOf(named.Definition) != name)
                throw new AssertionException($"{name} found {named.Id}");
            if (state.Ownership.Sessions.Length != Daemon.Commands.ShardId.Count || state.Counters.Running < 0)
                throw new AssertionException("owners or counters");
            reads++;
        }
        while (!over.IsCancellationRequested);

        return reads;
    }

    private static SchedulerState Replay(List<byte[]> log, int seed)
    {
        var random = new Random(seed);
        var state = new SchedulerState();
        for (var done = 0; done < log.Count;)
        {
            var count = Math.Min(log.Count - done, random.Next(1, 50));
            var batch = new LogEntry[count];
            for (var i = 0; i < count; i++)
            {
                var index = new LogIndex(done + i + 1);
                batch[i] = new LogEntry(index, new Term(1), EntryKind.Command, log[done + i]);
            }

            state.Apply(batch, new ApplyResult[count]);
            done += count;
        }

        return state;
    }
}
