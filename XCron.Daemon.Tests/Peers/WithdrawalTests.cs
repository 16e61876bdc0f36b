using XCron.Daemon.Peers;

namespace XCron.Daemon.Tests.Peers;

/// <summary>A node that is to go closes before it says so, and opens only after it has said otherwise.</summary>
internal sealed class WithdrawalTests
{
    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(1);
    private readonly List<string> _done = [];
    private ManualTime _time = null!;
    private bool _isToBeRemoved;
    private Withdrawal _withdrawal = null!;

    [SetUp]
    public void SetUp()
    {
        _done.Clear();
        _time = new ManualTime();
        _isToBeRemoved = false;
        _withdrawal = new Withdrawal(
            () => _isToBeRemoved, () => _done.Add("close"), () => _done.Add("reopen"), Notice, _time);
    }

    [Test]
    public void A_node_that_stays_neither_drains_nor_closes()
    {
        Assert.That(_withdrawal.Look(), Is.False);
        Assert.That(_done, Is.Empty);
    }

    [Test]
    public void A_node_that_stops_closes_at_once_and_for_ever()
    {
        _withdrawal.Stop();
        var closed = _done.ToArray();
        _time.Advance(Notice * 10);

        Assert.That(closed, Is.EqualTo(["close"]));
        Assert.That((_withdrawal.Look(), _done.Count), Is.EqualTo((true, 1)));
    }

    [Test]
    public void A_removal_that_is_called_off_is_said_at_once_and_claims_begin_after_the_notice()
    {
        _isToBeRemoved = true;
        var during = _withdrawal.Look();
        _isToBeRemoved = false;
        var calledOff = _withdrawal.Look();
        _time.Advance(Notice - TimeSpan.FromMilliseconds(1));
        _withdrawal.Look();
        var before = _done.ToArray();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _withdrawal.Look();
        _withdrawal.Look();

        Assert.That((during, calledOff), Is.EqualTo((true, false)));
        Assert.That(before, Is.EqualTo(["close"]));
        Assert.That(_done, Is.EqualTo(["close", "reopen"]));
    }

    [Test]
    public void A_removal_that_is_tried_again_within_the_notice_keeps_it_closed_for_a_whole_notice_more()
    {
        _isToBeRemoved = true;
        _withdrawal.Look();
        _isToBeRemoved = false;
        _withdrawal.Look();
        _time.Advance(Notice / 2);
        _isToBeRemoved = true;
        var again = _withdrawal.Look();
        _isToBeRemoved = false;
        _withdrawal.Look();
        _time.Advance(Notice / 2);
        _withdrawal.Look();

        Assert.That((again, _done.Count), Is.EqualTo((true, 1)));
    }
}
