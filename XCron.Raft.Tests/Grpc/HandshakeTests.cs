using Google.Protobuf;
using Grpc.Core;
using XCron.Raft.Grpc;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Runtime;
using XCron.Raft.Tests.Runtime;

namespace XCron.Raft.Tests.Grpc;

/// <summary>S65: "wrong cluster id, wrong node id refused at handshake"; and what versions may meet (S66).</summary>
internal sealed class HandshakeTests
{
    private const string Secret = "the secret of the tests";

    private readonly NodeAssembly _host = new StationCluster(1).Nodes[0].Process!;

    [Test]
    public void Who_belongs_to_the_cluster_may_speak() =>
        Assert.That(() => Handshake.Check(Hello(), _host.Self, _host, Secret), Throws.Nothing);

    [Test]
    public void A_stranger_is_refused_for_good_and_told_why()
    {
        var foreign = Hello();
        foreign.ClusterId = ByteString.CopyFrom(Guid.NewGuid().ToByteArray());
        var nameless = Hello();
        nameless.ClusterId = ByteString.Empty;
        var spy = Hello();
        spy.SharedSecret = "another";
        var future = Hello();
        (future.ProtocolMin, future.ProtocolMax) = (2, 3);

        using (Assert.EnterMultipleScope())
        {
            AssertRefused(foreign, _host.Self, "cluster id differs");
            AssertRefused(nameless, _host.Self, "cluster id differs");
            AssertRefused(spy, _host.Self, "secret does not fit");
            AssertRefused(Hello(), new NodeId(99), "this node is");
            AssertRefused(future, _host.Self, "protocol 2-3; this node speaks 1-1");
            AssertRefused(null, _host.Self, "did not begin with a hello");
        }
    }

    [Test]
    public void A_newer_peer_that_still_speaks_this_protocol_may_speak()
    {
        var newer = Hello();
        newer.ProtocolMax = 5;

        Assert.That(() => Handshake.Check(newer, _host.Self, _host, Secret), Throws.Nothing);
    }

    private Hello Hello() => Handshake.HelloOf(_host, Secret);

    private void AssertRefused(Hello? hello, NodeId to, string why)
    {
        var refusal = Assert.Throws<RpcException>(() => Handshake.Check(hello, to, _host, Secret));
        Assert.That(refusal!.Status.Detail, Does.Contain(why));
        Assert.That(Handshake.IsPermanent(refusal), "it is not tried again and again");
    }
}
