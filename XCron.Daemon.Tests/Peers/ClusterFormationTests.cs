using XCron.Daemon.Peers;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

[CancelAfter(10_000)]
internal sealed class ClusterFormationTests
{
    private static readonly string[] Hosts = ["a:1", "b:1", "c:1"];

    private ManualTime _time = null!;
    private InMemoryDialer _dialer = null!;
    private PeerIdentity[] _nodes = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new ManualTime();
        _dialer = new InMemoryDialer();
        _nodes = [.. Hosts.Select((address, at) => new PeerIdentity(new NodeId((ulong)at + 1), address, Hosts))];
    }

    [Test]
    public async Task A_node_without_peer_hosts_is_a_cluster_of_one_at_once(CancellationToken cancellationToken)
    {
        var identity = new PeerIdentity(new NodeId(7), "a:1", []);

        var membership = await FormationOf(identity).RunAsync(cancellationToken);

        Assert.That(membership.Members, Is.EqualTo(new[] { new Member(new NodeId(7), "a:1") }));
    }

    [Test]
    public async Task Three_nodes_that_see_each_other_form_one_cluster(CancellationToken cancellationToken)
    {
        foreach (var node in _nodes)
            _dialer.Identities.Add(node.Address, node.Reply);

        var formed = await Task.WhenAll(_nodes.Select(node => FormationOf(node).RunAsync(cancellationToken)));

        var distinct = formed.Select(membership => Convert.ToHexString(membership.Encode())).Distinct();
        Assert.That(distinct.Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task It_asks_on_until_everybody_is_there(CancellationToken cancellationToken)
    {
        var asks = 0;
        _dialer.Identities.Add("b:1", _nodes[1].Reply);
        _dialer.Identities.Add("c:1", () => ++asks >= 3
            ? _nodes[2].Reply()
            : throw new PeerCallException("c:1: down", refused: false));

        var forming = FormationOf(_nodes[0]).RunAsync(cancellationToken);
        await _time.FireUntilAsync(forming, TimeSpan.FromMilliseconds(400));

        Assert.That((await forming).Members, Has.Length.EqualTo(3));
        Assert.That(asks, Is.EqualTo(3));
    }

    [Test]
    public async Task A_node_that_died_before_it_knew_adopts_what_another_formed(CancellationToken cancellationToken)
    {
        foreach (var node in _nodes)
            _dialer.Identities.Add(node.Address, node.Reply);
        _nodes[1].InitialMembership = await FormationOf(_nodes[1]).RunAsync(cancellationToken);
        _dialer.Identities.Remove("c:1");

        var adopted = await FormationOf(_nodes[0]).RunAsync(cancellationToken);

        Assert.That(adopted.Encode(), Is.EqualTo(_nodes[1].InitialMembership!.Encode()));
    }

    [Test]
    public async Task A_node_with_a_wiped_directory_is_given_the_cluster_that_is_there(
        CancellationToken cancellationToken)
    {
        foreach (var node in _nodes)
            _dialer.Identities.Add(node.Address, node.Reply);
        _nodes[1].InitialMembership = await FormationOf(_nodes[1]).RunAsync(cancellationToken);
        var wiped = new PeerIdentity(new NodeId(9), "a:1", Hosts);

        var found = await FormationOf(wiped).RunAsync(cancellationToken);

        Assert.That(found.ClusterId, Is.EqualTo(_nodes[1].InitialMembership!.ClusterId));
        Assert.That(found.Find(wiped.Self), Is.Null);
    }

    [Test]
    public void A_copied_directory_stops_the_node(CancellationToken cancellationToken)
    {
        var copy = new PeerIdentity(_nodes[0].Self, "b:1", Hosts);
        _dialer.Identities.Add("b:1", copy.Reply);

        Assert.That(
            async () => await FormationOf(_nodes[0]).RunAsync(cancellationToken),
            Throws.TypeOf<FormationException>().With.Message.Contains("raft_dir"));
    }

    [Test]
    public async Task Stopping_ends_the_asking(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var forming = FormationOf(_nodes[0]).RunAsync(stopping.Token);

        await stopping.CancelAsync();

        Assert.That(async () => await forming, Throws.InstanceOf<OperationCanceledException>());
    }

    private ClusterFormation FormationOf(PeerIdentity identity) =>
        new(identity, _dialer, new PeerOptions { Address = identity.Address }, _time, new Random(1), Traces.None);
}
