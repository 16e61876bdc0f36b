using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

[CancelAfter(10_000)]
internal sealed class ReportLinksTests
{
    private readonly PeerOptions _options = new() { Address = InMemoryRaft.AddressOf(1), SharedSecret = "s3cret" };
    private ManualTime _time = null!;
    private InMemoryRaft _raft = null!;
    private InMemoryDialer _dialer = null!;
    private MemberDirectory _members = null!;
    private SelfStatus _self = null!;
    private ReportLinks _links = null!;
    private CancellationTokenSource _stopping = null!;
    private Task _running = null!;
    private volatile bool _isDefect;

    [SetUp]
    public void SetUp()
    {
        _isDefect = false;
        _time = new ManualTime();
        _raft = new InMemoryRaft(1, 2);
        _dialer = new InMemoryDialer();
        _members = new MemberDirectory(_options.OwnerTimeout, _time);
        _self = new SelfStatus
        {
            Session = new OwnerSession(new NodeId(1), 11),
            Version = "1.2.3",
            Address = InMemoryRaft.AddressOf(1),
            HttpAddress = "node1:8000",
            AppliedIndex = static () => 77,
            CommitIndex = static () => 78,
            Machine = () => _isDefect
                ? throw new InvalidDataException("a defect")
                : new MachineFigures { CpuShare = 0.5 },
        };
        _links = new ReportLinks(_raft, _dialer, _self, _members, _options, _time, new Random(1), Traces.None);
        _stopping = new CancellationTokenSource();
        _running = _links.RunAsync(_stopping.Token);
    }

    [TearDown]
    public async Task TearDown()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    [Test]
    public async Task It_reports_at_once_and_then_at_every_interval_and_tells_the_secret_once()
    {
        var stream = await _dialer.AcceptReportAsync();

        var first = await stream.TakeAsync();
        await _time.TimerOf(_options.ReportInterval);
        _time.Advance(_options.ReportInterval);
        var second = await stream.TakeAsync();

        Assert.That(stream.Address, Is.EqualTo(InMemoryRaft.AddressOf(2)));
        Assert.That((first.SharedSecret, second.SharedSecret), Is.EqualTo(("s3cret", "")));
        Assert.That((first.NodeId, first.Incarnation), Is.EqualTo((1UL, 11UL)));
        Assert.That((first.AppliedIndex, first.CommitIndex), Is.EqualTo((77L, 78L)));
        Assert.That(second.WallClockMs - first.WallClockMs, Is.EqualTo(500));
        Assert.That(first.Machine.CpuShare, Is.EqualTo(0.5));
    }

    [Test]
    public async Task Draining_is_told_without_waiting_for_the_interval()
    {
        var stream = await _dialer.AcceptReportAsync();
        _ = await stream.TakeAsync();

        await _time.TimerOf(_options.ReportInterval);
        _self.Draining = true;
        _links.Hurry();

        Assert.That((await stream.TakeAsync()).Draining, Is.True);
    }

    [Test]
    public async Task A_broken_stream_is_opened_again_after_a_backoff()
    {
        var stream = await _dialer.AcceptReportAsync();
        _ = await stream.TakeAsync();

        stream.Break();
        var accepting = _dialer.AcceptReportAsync().AsTask();
        await _time.FireUntilAsync(accepting, _options.LeastBackoff);

        Assert.That((await (await accepting).TakeAsync()).SharedSecret, Is.EqualTo("s3cret"));
    }

    [Test]
    public async Task Reports_are_numbered_over_all_streams()
    {
        var stream = await _dialer.AcceptReportAsync();
        var first = await stream.TakeAsync();
        stream.Break();
        var accepting = _dialer.AcceptReportAsync().AsTask();
        await _time.FireUntilAsync(accepting, _options.LeastBackoff);
        var second = await (await accepting).TakeAsync();

        Assert.That((first.Number, second.Number), Is.EqualTo((1, 2)));
    }

    [Test]
    public async Task Whoever_is_heard_again_is_reported_to_at_once()
    {
        var stream = await _dialer.AcceptReportAsync();
        _ = await stream.TakeAsync();
        stream.Break();
        await stream.Disposed;

        // No time passes: the wait for the next attempt, once it has begun, is cut short.
        var accepted = _dialer.AcceptReportAsync().AsTask();
        for (ulong incarnation = 5; !accepted.IsCompleted; incarnation++)
        {
            var waiting = _time.TimerSet;
            _members.Heard(new NodeReport { NodeId = 2, Incarnation = incarnation }, _members.OpenStream());
            await Task.WhenAny(accepted, waiting);
        }

        Assert.That((await (await accepted).TakeAsync()).NodeId, Is.EqualTo(1));
    }

    [Test]
    public async Task The_others_clock_is_measured_by_the_answers()
    {
        _members.Heard(new NodeReport { NodeId = 2, Incarnation = 5 }, _members.OpenStream());
        var stream = await _dialer.AcceptReportAsync();
        _ = await stream.TakeAsync();
        await _time.TimerOf(_options.ReportInterval);
        _time.Advance(TimeSpan.FromMilliseconds(100));

        stream.Answer(new ReportAck { WallClockMs = _time.GetUtcNow().AddMilliseconds(950).ToUnixTimeMilliseconds() });
        await stream.ReadsBegun(2);

        var status = _members.Find(new NodeId(2))!;
        Assert.That(status.ClockOffset, Is.EqualTo(TimeSpan.FromMilliseconds(1000)));
        Assert.That(status.ClockOffsetError, Is.EqualTo(TimeSpan.FromMilliseconds(50)));
    }

    [Test]
    public async Task A_stream_whose_answers_stay_out_is_given_up()
    {
        var stream = await _dialer.AcceptReportAsync();
        for (var interval = 0; interval < 5; interval++)
        {
            _ = await stream.TakeAsync();
            await _time.TimerOf(_options.ReportInterval);
            _time.Advance(_options.ReportInterval);
        }

        await stream.Disposed;
    }

    [Test]
    public async Task A_defect_in_a_link_is_told_and_not_kept_to_itself()
    {
        var stream = await _dialer.AcceptReportAsync();
        _ = await stream.TakeAsync();
        await _time.TimerOf(_options.ReportInterval);

        _isDefect = true;
        _links.Hurry();

        Assert.That(async () => await _running, Throws.InstanceOf<InvalidDataException>());
        _running = Task.CompletedTask;
    }

    [Test]
    public async Task A_new_member_gets_a_link_and_a_removed_one_loses_it()
    {
        var old = await _dialer.AcceptReportAsync();

        _raft.ChangeMembers(1, 3);
        var added = await _dialer.AcceptReportAsync();

        Assert.That(added.Address, Is.EqualTo(InMemoryRaft.AddressOf(3)));
        await old.Disposed;
    }
}
