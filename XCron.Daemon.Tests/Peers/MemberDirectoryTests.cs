using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

internal sealed class MemberDirectoryTests
{
    private static readonly TimeSpan OwnerTimeout = TimeSpan.FromSeconds(2);
    private static readonly NodeId Node = new(7);

    private ManualTime _time = null!;
    private MemberDirectory _members = null!;
    private int _news;

    [SetUp]
    public void SetUp()
    {
        _time = new ManualTime();
        _members = new MemberDirectory(OwnerTimeout, _time);
        _news = 0;
        _members.Changed += () => _news++;
    }

    [Test]
    public void A_node_is_silent_once_it_was_not_heard_for_the_owner_timeout()
    {
        _members.Heard(Report(), _members.OpenStream());

        _time.Advance(OwnerTimeout);
        var before = _members.IsSilent(Node);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That((before, _members.IsSilent(Node)), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_node_that_was_never_heard_is_not_silent_before_there_was_time_to_hear_it()
    {
        var atStart = _members.IsSilent(Node);
        _time.Advance(OwnerTimeout * 2);

        Assert.That((atStart, _members.IsSilent(Node)), Is.EqualTo((false, true)));
    }

    [Test]
    public void After_an_absence_of_this_process_silence_counts_anew()
    {
        _members.Heard(Report(), _members.OpenStream());
        _time.Advance(OwnerTimeout * 5);

        _members.ListenAnew();

        Assert.That(_members.IsSilent(Node), Is.False);
    }

    [Test]
    public void Only_news_is_announced()
    {
        var stream = _members.OpenStream();
        List<int> heard = [];

        _members.Heard(Report(), stream);
        heard.Add(_news);
        _members.Heard(Report(), stream);
        heard.Add(_news);
        _members.Heard(Report(draining: true), stream);
        heard.Add(_news);
        _members.Heard(Report(incarnation: 2), stream);
        heard.Add(_news);
        _time.Advance(OwnerTimeout * 2);
        _members.Heard(Report(incarnation: 2), stream);
        heard.Add(_news);

        Assert.That(string.Join(" ", heard), Is.EqualTo("1 1 2 3 4"));
    }

    /// <summary>
    /// Soak, seed 2027: what was sent before a cut arrives behind what is sent after it, and is hidden no longer than
    /// the stream of the dead process lasts.
    /// </summary>
    [Test]
    public void A_dead_process_whose_stream_opens_last_hides_its_successor_no_longer_than_that_stream_lasts()
    {
        var ofTheSuccessor = _members.OpenStream();
        var ofTheDead = _members.OpenStream();
        _members.Heard(Report(incarnation: 1), ofTheDead);
        _members.Heard(Report(incarnation: 2), ofTheSuccessor);
        var before = _members.Find(Node)!.Session.Incarnation;

        _members.EndStream(ofTheDead);
        _members.Heard(Report(incarnation: 2), ofTheSuccessor);

        Assert.That((before, _members.Find(Node)!.Session.Incarnation), Is.EqualTo((1UL, 2UL)));
    }

    /// <summary>Those of a version that does not number its reports all count.</summary>
    [Test]
    public void Reports_without_numbers_are_heard_over_whatever_stream()
    {
        var replacing = _members.OpenStream();
        _members.Heard(Report(), replacing);
        _members.Heard(Report(), _members.OpenStream());

        for (var i = 0; i < 5; i++)
        {
            _time.Advance(OwnerTimeout / 4);
            _members.Heard(Report(), replacing);
        }

        Assert.That(_members.IsSilent(Node), Is.False);
        _time.Advance(OwnerTimeout);
        Assert.That(_members.IsSilent(Node), Is.False, "it was heard just now, and not only at first");
    }

    [Test]
    public void What_a_dead_process_said_does_not_come_back_over_its_old_stream()
    {
        var old = _members.OpenStream();
        _members.Heard(Report(incarnation: 1), old);
        _members.Heard(Report(incarnation: 2), _members.OpenStream());

        _members.Heard(Report(incarnation: 1), old);

        Assert.That(_members.Find(Node)!.Session, Is.EqualTo(new OwnerSession(Node, 2)));
    }

    [Test]
    public void A_given_up_stream_that_opens_last_does_not_keep_the_one_in_use_from_being_heard()
    {
        // A cut ends: what the process had sent over its old connection arrives together with what it sends now.
        var inUse = _members.OpenStream();
        var givenUp = _members.OpenStream();
        _members.Heard(Report(number: 1), givenUp);
        for (var number = 2; number < 12; number++)
        {
            _time.Advance(OwnerTimeout / 4);
            _members.Heard(Report(number: number), inUse);
        }

        Assert.That((_members.IsSilent(Node), _news), Is.EqualTo((false, 1)));
    }

    [Test]
    public void What_a_process_said_earlier_does_not_replace_what_it_said_last_whatever_the_stream()
    {
        var inUse = _members.OpenStream();
        _members.Heard(Report(number: 2, draining: true), inUse);

        _members.Heard(Report(number: 1), _members.OpenStream());
        var afterAnEarlierOne = _members.Find(Node)!.Draining;
        _members.Heard(Report(number: 3), inUse);

        Assert.That((afterAnEarlierOne, _members.Find(Node)!.Draining), Is.EqualTo((true, false)));
    }

    [Test]
    public void A_dead_process_whose_stream_opens_last_hides_its_successor_for_the_owner_timeout_at_most()
    {
        var ofTheSuccessor = _members.OpenStream();
        _members.Heard(Report(incarnation: 1, number: 90), _members.OpenStream());

        _time.Advance(OwnerTimeout);
        _members.Heard(Report(incarnation: 2, number: 4), ofTheSuccessor);
        var before = _members.Find(Node)!.Session.Incarnation;
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _members.Heard(Report(incarnation: 2, number: 5), ofTheSuccessor);

        Assert.That((before, _members.Find(Node)!.Session.Incarnation), Is.EqualTo((1UL, 2UL)));
        Assert.That(_members.IsSilent(Node), Is.False);
    }

    [Test]
    public void A_restart_begins_a_new_time_of_being_up_and_a_report_does_not()
    {
        var start = _time.GetUtcNow();
        var stream = _members.OpenStream();
        _members.Heard(Report(), stream);
        _time.Advance(TimeSpan.FromSeconds(1));
        _members.Heard(Report(), stream);
        var before = _members.Find(Node)!;
        _time.Advance(TimeSpan.FromSeconds(1));
        _members.Heard(Report(incarnation: 2), stream);
        var after = _members.Find(Node)!;

        Assert.That(before.UpSince, Is.EqualTo(start));
        Assert.That(before.HeardAt, Is.EqualTo(start + TimeSpan.FromSeconds(1)));
        Assert.That(after.UpSince, Is.EqualTo(start + TimeSpan.FromSeconds(2)));
    }

    [Test]
    public void A_clock_is_known_once_measured_and_stays_known()
    {
        var stream = _members.OpenStream();
        _members.Measured(Node, TimeSpan.FromSeconds(9), TimeSpan.Zero);
        _members.Heard(Report(), stream);
        var before = _members.Find(Node)!.ClockOffset;

        _members.Measured(Node, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(20));
        _members.Heard(Report(), stream);

        var after = _members.Find(Node)!;
        Assert.That(before, Is.Null);
        Assert.That(after.ClockOffset, Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That(after.ClockOffsetError, Is.EqualTo(TimeSpan.FromMilliseconds(10)));
    }

    [Test]
    public void Whoever_is_no_member_any_more_is_forgotten()
    {
        _members.Heard(Report(), _members.OpenStream());
        _members.Heard(Report(id: 8), _members.OpenStream());

        var cluster = new Guid("6a1f0b52-3c1e-4c52-9a57-222222222222");
        _members.KeepOnly(new Membership(cluster, [new Member(new NodeId(8), "b:1")]));

        Assert.That(_members.Snapshot().Select(status => status.Session.Node), Is.EqualTo(new[] { new NodeId(8) }));
    }

    [Test]
    public void A_report_of_nobody_is_ignored()
    {
        _members.Heard(Report(id: 0), _members.OpenStream());
        _members.Heard(Report(incarnation: 0), _members.OpenStream());

        Assert.That(_members.Snapshot(), Is.Empty);
    }

    [Test]
    public void What_a_node_tells_of_its_log_is_known_as_of_its_last_report()
    {
        var stream = _members.OpenStream();
        _members.Heard(Report(number: 1), stream);
        var untold = _members.Find(new NodeId(7))!.CommitIndex;
        var report = Report(number: 2);
        (report.AppliedIndex, report.CommitIndex) = (5, 6);
        _members.Heard(report, stream);

        var status = _members.Find(new NodeId(7))!;

        Assert.That((untold, status.AppliedIndex, status.CommitIndex), Is.EqualTo((0, 5, 6)));
    }

    private static NodeReport Report(ulong id = 7, ulong incarnation = 1, bool draining = false, long number = 0) =>
        new() { NodeId = id, Incarnation = incarnation, Draining = draining, Number = number };
}
