using XCron.Daemon.Peers;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

/// <summary>A delete is answered when those with attempts on their way know of it, or can send no more.</summary>
[CancelAfter(10_000)]
internal sealed class CallersNoticeTests
{
    private static readonly NodeId[] BothOthers = [new(2), new(3)];

    private readonly PeerOptions _options = new() { Address = InMemoryRaft.AddressOf(1) };
    private readonly List<string> _asked = [];
    private ManualTime _time = null!;
    private InMemoryRaft _raft = null!;
    private InMemoryDialer _dialer = null!;
    private CallersNotice _notice = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new ManualTime();
        _raft = new InMemoryRaft(1, 2, 3);
        _dialer = new InMemoryDialer();
        _notice = new CallersNotice(_raft, _dialer, _options, _time);
        _asked.Clear();
    }

    [Test]
    public async Task Each_caller_is_asked_to_catch_up_and_then_it_is_over(CancellationToken cancellationToken)
    {
        _dialer.CatchUp = (address, _) =>
        {
            _asked.Add(address);
            return Task.CompletedTask;
        };

        await _notice.WaitAsync(BothOthers, cancellationToken);

        Assert.That(_asked, Is.EquivalentTo(new[] { InMemoryRaft.AddressOf(2), InMemoryRaft.AddressOf(3) }));
    }

    [Test]
    public async Task This_node_catches_up_by_a_read_barrier(CancellationToken cancellationToken)
    {
        await _notice.WaitAsync([new NodeId(1)], cancellationToken);

        Assert.That(_raft.ReadBarriers, Is.EqualTo(1));
    }

    [Test]
    public async Task For_one_that_is_cut_off_its_fence_is_waited_out(CancellationToken cancellationToken)
    {
        _dialer.CatchUp = static (address, _) => throw new PeerCallException($"{address}: down", refused: false);
        var start = _time.GetUtcNow();

        var waiting = _notice.WaitAsync(BothOthers, cancellationToken);
        await _time.FireUntilAsync(waiting, _options.OwnerTimeout / 2);

        // A pause between two attempts that was just being begun when the fence came may pass too.
        var fence = _options.OwnerTimeout / 2;
        Assert.That(_time.GetUtcNow() - start, Is.InRange(fence, fence + _options.LeastBackoff));
    }

    [Test]
    public async Task One_that_does_not_answer_is_not_waited_for_longer(CancellationToken cancellationToken)
    {
        _dialer.CatchUp = static (_, stopping) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopping);

        var waiting = _notice.WaitAsync([new NodeId(2)], cancellationToken);
        await _time.TimerOf(_options.OwnerTimeout / 2);
        _time.Advance(_options.OwnerTimeout / 2);
        await waiting;

        Assert.That(waiting.IsCompletedSuccessfully);
    }

    [Test]
    public async Task One_that_is_no_member_any_more_is_waited_out_too(CancellationToken cancellationToken)
    {
        var start = _time.GetUtcNow();

        var waiting = _notice.WaitAsync([new NodeId(9)], cancellationToken);
        await _time.FireUntilAsync(waiting, _options.OwnerTimeout / 2);

        Assert.That(_time.GetUtcNow() - start, Is.EqualTo(_options.OwnerTimeout / 2));
    }
}
