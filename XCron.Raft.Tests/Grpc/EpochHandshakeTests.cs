using Grpc.Core;
using XCron.Raft.Core;
using XCron.Raft.Grpc;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Runtime;
using XCron.Raft.Storage;

namespace XCron.Raft.Tests.Grpc;

internal sealed class EpochHandshakeTests
{
    private static readonly Guid Cluster = new(1, 2, 3, new byte[8]);
    private static readonly Node Host = new(new NodeId(1), Cluster, Epoch: 1);

    [SetUp]
    public void SetUp() => Host.SupersededBy.Clear();

    [Test]
    public void Nodes_of_one_cluster_and_epoch_are_let_in() =>
        Assert.That(() => Check(new Node(new NodeId(2), Cluster, Epoch: 1)), Throws.Nothing);

    [TestCase(0, "this cluster was recovered under epoch 1; the caller's data is of epoch 0")]
    [TestCase(2, "this node's data is of epoch 1; its cluster was recovered without it under epoch 2")]
    public void Another_epoch_is_refused_for_good_whichever_is_older(int epoch, string why)
    {
        var refusal = Assert.Throws<RpcException>(() => Check(new Node(new NodeId(2), Cluster, epoch)));

        Assert.That(refusal!.Status.Detail, Does.Contain(why));
        Assert.That(Handshake.IsPermanent(refusal), Is.True);
        long? told = epoch == 0 ? 1 : null;
        Assert.That(Handshake.NewerEpochOf(refusal), Is.EqualTo(told), "told to the older side");
        Assert.That(string.Join(",", Host.SupersededBy), Is.EqualTo(epoch == 2 ? "2" : ""), "the older side knows it");
    }

    [Test]
    public void A_version_that_knows_no_epochs_is_of_the_first()
    {
        var hello = Handshake.HelloOf(Host with { Epoch = 0 }, "");
        var older = Hello.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(hello));

        Assert.That(() => Handshake.Check(older, Host.Self, Host with { Epoch = 0 }, ""), Throws.Nothing);
        Assert.That(() => Handshake.Check(older, Host.Self, Host, ""), Throws.InstanceOf<RpcException>());
    }

    private static void Check(Node caller) => Handshake.Check(Handshake.HelloOf(caller, ""), Host.Self, Host, "");

    private sealed record Node(NodeId Self, Guid ClusterId, long Epoch) : IRaftTransportHost
    {
        public List<long> SupersededBy { get; } = [];

        public void Superseded(long epoch) => SupersededBy.Add(epoch);

        public void Deliver(Message message) => throw new NotSupportedException();

        public void PeerDisconnected(NodeId peer) => throw new NotSupportedException();

        public SnapshotSource? OpenSnapshot(LogIndex index, Term entryTerm) => throw new NotSupportedException();
    }
}
