using System.Collections.Concurrent;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

[CancelAfter(10_000)]
internal sealed class QuarantineTests
{
    private static readonly Guid ClusterId = new("6a1f0b52-3c1e-4c52-9a57-555555555555");
    private static readonly Membership Three = new(
        ClusterId, [new(new NodeId(1), "a:1"), new(new NodeId(2), "b:1"), new(new NodeId(3), "c:1")]);

    private readonly ConcurrentQueue<(string Address, MemberRequest Request)> _asked = [];
    private readonly HashSet<string> _said = [];
    private Quarantine? _quarantine;
    private ManualTime _time = null!;
    private InMemoryDialer _dialer = null!;

    [SetUp]
    public void SetUp()
    {
        _asked.Clear();
        _said.Clear();
        _quarantine = null;
        _time = new ManualTime();
        _dialer = new InMemoryDialer();
    }

    [Test]
    public async Task It_ends_with_the_membership_that_a_leader_vouches_for(CancellationToken cancellationToken)
    {
        Answer((_, _) => MemberReplies.Vouched(Three, epoch: 0));

        var vouched = await New().RunAsync(cancellationToken);

        Assert.That(vouched.Members, Is.EqualTo(Three.Members));
        var (address, request) = _asked.Single();
        Assert.That(address, Is.EqualTo("b:1"), "not itself");
        Assert.That(request.Action, Is.EqualTo(MemberRequest.Types.Action.Vouch));
        Assert.That(request.Host, Is.EqualTo("a:1"));
        Assert.That(request.NodeId, Is.EqualTo(1));
        Assert.That(new Guid(request.ClusterId.Span), Is.EqualTo(ClusterId));
    }

    [Test]
    public async Task While_nobody_leads_or_nobody_can_be_reached_it_asks_on_and_says_what_it_waits_for(
        CancellationToken cancellationToken)
    {
        Answer((address, round) => (address, round) switch
        {
            ("b:1", < 4) => MemberReplies.NotLeader,
            ("c:1", < 4) => throw new PeerCallException("c:1: down", refused: false),
            _ => MemberReplies.Vouched(Three, epoch: 0),
        });
        _quarantine = New();

        var running = _quarantine.RunAsync(cancellationToken);
        await _time.FireUntilAsync(running, atMost: TimeSpan.FromSeconds(2));

        await running;
        Assert.That(_asked.Select(asked => asked.Address), Is.EqualTo(["b:1", "c:1", "b:1", "c:1"]));
        Assert.That(_said, Does.Contain("b:1 says: nobody leads; c:1 says: c:1: down"));
    }

    [TestCase(0, "6a1f0b52-3c1e-4c52-9a57-666666666666", "cluster 6a1f0b52-3c1e-4c52-9a57-666666666666")]
    [TestCase(1, "6a1f0b52-3c1e-4c52-9a57-555555555555", "epoch 0")]
    public async Task Another_cluster_or_an_older_epoch_of_it_does_not_end_it(
        int ownEpoch, string answered, string expected, CancellationToken cancellationToken)
    {
        var other = new Membership(new Guid(answered), Three.Members);
        Answer((_, round) => round < 3
            ? MemberReplies.Vouched(other, epoch: 0)
            : MemberReplies.Vouched(Three, ownEpoch));
        _quarantine = New(ownEpoch);

        var running = _quarantine.RunAsync(cancellationToken);
        await _time.FireUntilAsync(running, atMost: TimeSpan.FromSeconds(2));

        Assert.That((await running).ClusterId, Is.EqualTo(ClusterId));
        Assert.That(_said, Has.Some.Contains(expected));
    }

    private void Answer(Func<string, int, MemberReply> reply) => _dialer.ChangeMembers = (address, request) =>
    {
        _asked.Enqueue((address, request));
        if (_quarantine is { } asking)
            _said.Add(asking.WaitsFor);
        return Task.FromResult(reply(address, _asked.Count));
    };

    private Quarantine New(long epoch = 0) => new(
        new NodeId(1),
        ClusterId,
        epoch,
        ["a:1", "b:1", "c:1"],
        _dialer,
        new PeerOptions { Address = "a:1" },
        _time,
        new Random(1),
        Traces.None);
}
