using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Runtime;

namespace XCron.Raft.Grpc;

/// <summary>
/// The first envelope of every stream, each way: who speaks, of which cluster, in which versions. What does not fit is
/// refused for good, and says why.
/// </summary>
internal static class Handshake
{
    // In the trailers of a refusal: the epoch of whoever refuses one of an older.
    private const string EpochTrailer = "xcron-epoch";
    private const uint ProtocolMin = 1;
    private const uint ProtocolMax = 1;

    public static Hello HelloOf(IRaftTransportHost host, string secret) => new()
    {
        ClusterId = ByteString.CopyFrom(host.ClusterId.ToByteArray()),
        ProtocolMin = ProtocolMin,
        ProtocolMax = ProtocolMax,
        SharedSecret = secret,
        Epoch = host.Epoch,
    };

    public static Envelope EnvelopeOf(IRaftTransportHost host, NodeId peer, string secret) => new()
    {
        From = host.Self.Value,
        To = peer.Value,
        Hello = HelloOf(host, secret),
    };

    /// <summary>
    /// Throws a permanent refusal unless the caller may speak to this node; <c>to</c> is whom it thinks it speaks to.
    /// </summary>
    public static void Check(Hello? hello, NodeId to, IRaftTransportHost host, string secret)
    {
        if (hello is null)
            throw Refusal("the stream did not begin with a hello");

        var presented = SHA256.HashData(Encoding.UTF8.GetBytes(hello.SharedSecret));
        var expected = SHA256.HashData(Encoding.UTF8.GetBytes(secret));
        if (!CryptographicOperations.FixedTimeEquals(presented, expected))
            throw new RpcException(new Status(StatusCode.PermissionDenied, "the shared secret does not fit"));
        if (hello.ClusterId.Length != 16 || new Guid(hello.ClusterId.Span) is var cluster && cluster != host.ClusterId)
            throw Refusal($"cluster id differs; this node belongs to {host.ClusterId}");
        CheckEpoch(hello.Epoch, host);
        if (to != host.Self)
            throw Refusal($"this node is {host.Self}, not {to}");
        if (hello.ProtocolMax < ProtocolMin || hello.ProtocolMin > ProtocolMax)
        {
            throw Refusal(
                $"protocol {hello.ProtocolMin}-{hello.ProtocolMax}; this node speaks {ProtocolMin}-{ProtocolMax}");
        }
    }

    /// <summary>Under which newer epoch the cluster goes on without the caller, if that is why it is refused.</summary>
    public static long? NewerEpochOf(RpcException refusal) =>
        long.TryParse(
            refusal.Trailers.GetValue(EpochTrailer), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? epoch
            : null;

    /// <summary>Whether a failure is one that only an operator can end.</summary>
    public static bool IsPermanent(RpcException failure) =>
        failure.StatusCode is StatusCode.FailedPrecondition or StatusCode.PermissionDenied;

    /// <summary>Nodes of two epochs have two histories: neither takes anything from the other.</summary>
    private static void CheckEpoch(long theirs, IRaftTransportHost host)
    {
        var ours = host.Epoch;
        if (theirs < ours)
        {
            var trailers = new Metadata { { EpochTrailer, ours.ToString(CultureInfo.InvariantCulture) } };
            throw Refusal(
                $"this cluster was recovered under epoch {ours}; the caller's data is of epoch {theirs}, a side that "
                + "was given up: it may join anew with an empty directory",
                trailers);
        }

        if (theirs > ours)
        {
            host.Superseded(theirs);
            throw Refusal(
                $"this node's data is of epoch {ours}; its cluster was recovered without it under epoch {theirs}: it "
                + "may join anew with an empty directory");
        }
    }

    private static RpcException Refusal(string why, Metadata? trailers = null) =>
        new(new Status(StatusCode.FailedPrecondition, why), trailers ?? []);
}
