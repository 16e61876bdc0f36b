using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Tests.Commands;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class TaskIdSourceTests
{
    private static readonly OwnerSession Session = new(new NodeId(1), 42);

    private readonly SettableTime _time = new();

    [Test]
    public void Ids_are_positive_and_rise()
    {
        var source = new TaskIdSource(Session, _time);

        var last = 0L;
        for (var i = 0; i < 10_000; i++)
        {
            var id = source.Next().Value;
            Assert.That(id, Is.GreaterThan(last), $"after {i} ids");
            last = id;
            _time.Now += TimeSpan.FromMilliseconds(i % 3);
        }
    }

    [Test]
    public void A_clock_that_is_set_back_repeats_no_id()
    {
        var source = new TaskIdSource(Session, _time);
        var seen = new HashSet<TaskId>();
        for (var i = 0; i < 1000; i++)
        {
            Assert.That(seen.Add(source.Next()), Is.True);
            _time.Now += i % 2 == 0 ? TimeSpan.FromMilliseconds(5) : TimeSpan.FromMilliseconds(-6);
        }
    }

    [Test]
    public void A_later_millisecond_gives_a_greater_id_in_whichever_session()
    {
        var earlier = new TaskIdSource(Session, _time).Next();
        _time.Now += TimeSpan.FromMilliseconds(1);

        for (var incarnation = 1UL; incarnation <= 200; incarnation++)
        {
            var later = new TaskIdSource(new OwnerSession(new NodeId(2), incarnation), _time).Next();
            Assert.That(later.Value, Is.GreaterThan(earlier.Value));
        }
    }

    [Test]
    public void Sessions_of_one_node_and_nodes_of_one_incarnation_are_spread_apart()
    {
        const int Sessions = 100;
        var ids = new HashSet<TaskId>();
        for (var i = 1UL; i <= Sessions; i++)
        {
            ids.Add(new TaskIdSource(new OwnerSession(new NodeId(1), i), _time).Next());
            ids.Add(new TaskIdSource(new OwnerSession(new NodeId(i + 1), 1), _time).Next());
        }

        // 200 of 16,384 places: about one collision is to be expected by chance, ten would be a bad hash.
        Assert.That(ids, Has.Count.GreaterThan((2 * Sessions) - 10));
    }

    [Test]
    public async Task Callers_on_several_threads_never_get_the_same_id()
    {
        const int PerCaller = 20_000;
        var source = new TaskIdSource(Session, _time);

        var batches = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            var ids = new TaskId[PerCaller];
            for (var i = 0; i < PerCaller; i++)
                ids[i] = source.Next();
            return ids;
        })));

        Assert.That(batches.SelectMany(ids => ids).Distinct().Count(), Is.EqualTo(4 * PerCaller));
    }

    [Test]
    public void A_clock_before_2020_still_gives_positive_ids_and_one_after_2089_none()
    {
        var source = new TaskIdSource(Session, _time);

        _time.Now = DateTimeOffset.UnixEpoch;
        Assert.That(source.Next().Value, Is.Positive);
        _time.Now = new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.That(() => source.Next(), Throws.InvalidOperationException);
        _time.Now = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.That(source.Next().Value, Is.Positive, "once the clock is right again");
    }

    [Test]
    public void Without_a_session_there_are_no_ids()
    {
        Assert.That(() => new TaskIdSource(OwnerSession.None, _time), Throws.ArgumentException);
    }

    private sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
