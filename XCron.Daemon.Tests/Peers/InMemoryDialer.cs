using System.Threading.Channels;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;

namespace XCron.Daemon.Tests.Peers;

/// <summary>Peers in memory: a test accepts the streams that links open, and plays the other side.</summary>
internal sealed class InMemoryDialer : IPeerDialer
{
    private readonly Channel<InMemoryStream<ForwardRequest, ForwardReply>> _forwards =
        Channel.CreateBounded<InMemoryStream<ForwardRequest, ForwardReply>>(100);

    private readonly Channel<InMemoryStream<NodeReport, ReportAck>> _reports =
        Channel.CreateBounded<InMemoryStream<NodeReport, ReportAck>>(100);

    /// <summary>Who answers when asked who it is; those missing cannot be reached.</summary>
    public Dictionary<string, Func<IdentifyReply>> Identities { get; } = [];

    public IPeerStream<ForwardRequest, ForwardReply> OpenForward(string address) =>
        Enter(_forwards, new InMemoryStream<ForwardRequest, ForwardReply>(address));

    public IPeerStream<NodeReport, ReportAck> OpenReport(string address) =>
        Enter(_reports, new InMemoryStream<NodeReport, ReportAck>(address));

    public async Task<IdentifyReply> IdentifyAsync(
        string address, IdentifyRequest request, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return Identities.TryGetValue(address, out var identity)
            ? identity()
            : throw new PeerCallException($"{address}: down", refused: false);
    }

    /// <summary>What is answered when a change of the cluster is asked for; by default nobody can be reached.</summary>
    public Func<string, MemberRequest, Task<MemberReply>> ChangeMembers { get; set; } =
        static (address, _) => throw new PeerCallException($"{address}: down", refused: false);

    public async Task<MemberReply> ChangeMembersAsync(
        string address, MemberRequest request, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await ChangeMembers(address, request);
    }

    /// <summary>What a node does that is asked to catch up; by default it has.</summary>
    public Func<string, CancellationToken, Task> CatchUp { get; set; } = static (_, _) => Task.CompletedTask;

    public async Task<CatchUpReply> CatchUpAsync(
        string address, CatchUpRequest request, CancellationToken cancellationToken)
    {
        await Task.Yield();
        await CatchUp(address, cancellationToken);
        return new CatchUpReply();
    }

    /// <summary>The next stream of commands, its first message read and not yet answered.</summary>
    public async Task<InMemoryStream<ForwardRequest, ForwardReply>> AcceptForwardAsync()
    {
        var stream = await _forwards.Reader.ReadAsync();
        var hello = await stream.TakeAsync();
        Assert.That(hello.Commands, Is.Empty, "nothing may leave before the leader has answered");
        return stream;
    }

    public ValueTask<InMemoryStream<NodeReport, ReportAck>> AcceptReportAsync() => _reports.Reader.ReadAsync();

    private static InMemoryStream<TSent, TReceived> Enter<TSent, TReceived>(
        Channel<InMemoryStream<TSent, TReceived>> accepted, InMemoryStream<TSent, TReceived> stream)
        where TReceived : class
    {
        Assert.That(accepted.Writer.TryWrite(stream), Is.True, "too many streams");
        return stream;
    }
}
