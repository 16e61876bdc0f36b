using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Daemon.Tests.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>The service and the channels over a real connection: plain HTTP/2 on a loopback port.</summary>
[CancelAfter(30_000)]
internal sealed class ClusterPeerServiceTests
{
    private static readonly NodeId Server = new(2);
    private static readonly string[] PeerHosts = ["node1:8899", "node2:8899"];

    private readonly PeerOptions _options = new() { Address = "node2:8899", SharedSecret = "s3cret" };
    private InMemoryRaft _raft = null!;
    private MemberDirectory _members = null!;
    private ClusterPeerService _service = null!;
    private CancellationTokenSource _stopping = null!;
    private WebApplication _app = null!;
    private PeerChannels _channels = null!;
    private string _address = null!;

    [SetUp]
    public async Task SetUp()
    {
        _raft = new InMemoryRaft(Server.Value, 1);
        _members = new MemberDirectory(_options.OwnerTimeout, TimeProvider.System);
        _stopping = new CancellationTokenSource();
        var identity = new PeerIdentity(Server, _options.Address, PeerHosts);
        _service = new ClusterPeerService(_options, identity, _members, TimeProvider.System, _stopping.Token);
        _service.Attach(_raft);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = PeerOptions.MaxMessageBytes);
        builder.Services.AddSingleton(_service);
        _app = builder.Build();
        _app.MapGrpcService<ClusterPeerService>();
        await _app.StartAsync();
        _address = new Uri(_app.Urls.Single()).Authority;
        _channels = new PeerChannels(_options.ConnectTimeout);
    }

    [TearDown]
    public async Task TearDown()
    {
        await _stopping.CancelAsync();
        _channels.Dispose();
        await _app.DisposeAsync();
        _service.Dispose();
        _stopping.Dispose();
    }

    [Test]
    public async Task It_says_who_it_is(CancellationToken cancellationToken)
    {
        var reply = await _channels.IdentifyAsync(
            _address, new IdentifyRequest { SharedSecret = "s3cret" }, cancellationToken);

        Assert.That(reply.NodeId, Is.EqualTo(Server.Value));
        Assert.That(reply.PeerHosts, Is.EqualTo(PeerHosts));
        Assert.That(reply.InitialMembership.IsEmpty, Is.True);
    }

    [Test]
    public async Task It_proposes_forwarded_commands_all_at_once_and_answers_each(CancellationToken cancellationToken)
    {
        const int Commands = 500;
        var allAreIn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var proposed = 0;
        _raft.Propose = async (command, _) =>
        {
            if (Interlocked.Increment(ref proposed) == Commands)
                allAreIn.SetResult();
            await allAreIn.Task;
            return new ProposeOutcome.Applied(new LogIndex(9), new Term(1), new ApplyResult(command.Length));
        };
        await using var gateway = FollowerGateway();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, Commands).Select(length =>
            gateway.SubmitAsync(new byte[length], cancellationToken).AsTask()));

        var lengths = outcomes.Select(outcome => ((ProposeOutcome.Applied)outcome).Result.Code);
        Assert.That(lengths, Is.EqualTo(Enumerable.Range(0, Commands)));
    }

    [Test]
    public async Task At_stopping_it_answers_what_it_has_read_and_ends_the_stream(CancellationToken cancellationToken)
    {
        var mayApply = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isProposed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _raft.Propose = async (_, _) =>
        {
            isProposed.TrySetResult();
            await mayApply.Task;
            return new ProposeOutcome.Applied(new LogIndex(9), new Term(1), default);
        };
        using var stream = _channels.OpenForward(_address);
        await stream.WriteAsync(new ForwardRequest { SharedSecret = "s3cret" }, cancellationToken);
        _ = await stream.ReadAsync(cancellationToken);
        var command = new ForwardedCommand { Id = 5, Command = ByteString.CopyFrom(1) };
        await stream.WriteAsync(new ForwardRequest { Commands = { command } }, cancellationToken);
        await isProposed.Task.WaitAsync(cancellationToken);

        await _stopping.CancelAsync();
        mayApply.SetResult();
        var reply = await stream.ReadAsync(cancellationToken);
        var end = await stream.ReadAsync(cancellationToken);

        Assert.That(reply!.Outcomes.Single().Id, Is.EqualTo(5));
        Assert.That(end, Is.Null);
    }

    [Test]
    public async Task It_enters_reports_of_members_only_and_tells_its_clock(CancellationToken cancellationToken)
    {
        using var stream = _channels.OpenReport(_address);
        var report = new NodeReport { NodeId = 1, Incarnation = 4, Version = "v", SharedSecret = "s3cret" };
        var stranger = new NodeReport { NodeId = 99, Incarnation = 4 };

        await stream.WriteAsync(report, cancellationToken);
        var answer = await stream.ReadAsync(cancellationToken);
        await stream.WriteAsync(stranger, cancellationToken);
        _ = await stream.ReadAsync(cancellationToken);

        Assert.That(answer!.WallClockMs, Is.GreaterThan(0));
        Assert.That(_members.Snapshot().Single().Session, Is.EqualTo(new OwnerSession(new NodeId(1), 4)));
    }

    [Test]
    public void A_wrong_secret_is_refused_everywhere(CancellationToken cancellationToken)
    {
        using var forward = _channels.OpenForward(_address);
        using var report = _channels.OpenReport(_address);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                async () => await _channels.IdentifyAsync(
                    _address, new IdentifyRequest { SharedSecret = "guess" }, cancellationToken), IsRefusal);
            Assert.That(
                async () =>
                {
                    await forward.WriteAsync(new ForwardRequest { SharedSecret = "guess" }, cancellationToken);
                    await forward.ReadAsync(cancellationToken);
                },
                IsRefusal);
            Assert.That(
                async () =>
                {
                    await report.WriteAsync(new NodeReport { NodeId = 1, Incarnation = 4 }, cancellationToken);
                    await report.ReadAsync(cancellationToken);
                },
                IsRefusal);
        }

        Assert.That(_members.Snapshot(), Is.Empty);
    }

    [Test]
    public async Task A_peer_that_is_down_is_a_failed_call_and_no_refusal(CancellationToken cancellationToken)
    {
        var identify = new IdentifyRequest { SharedSecret = "s3cret" };
        await _app.StopAsync(cancellationToken);

        Assert.That(
            async () => await _channels.IdentifyAsync(_address, identify, cancellationToken),
            Throws.TypeOf<PeerCallException>().With.Property(nameof(PeerCallException.Refused)).False);
    }

    private static NUnit.Framework.Constraints.IResolveConstraint IsRefusal =>
        Throws.TypeOf<PeerCallException>().With.Property(nameof(PeerCallException.Refused)).True;

    /// <summary>Node 1, which passes everything on to this server.</summary>
    private CommandGateway FollowerGateway()
    {
        var membership = new Membership(
            new Guid("6a1f0b52-3c1e-4c52-9a57-555555555555"),
            [new Member(new NodeId(1), "node1:8899"), new Member(Server, _address)]);
        var follower = new InMemoryRaft(membership, new NodeId(1));
        follower.Lead(Server.Value);
        return new CommandGateway(follower, _channels, _options, TimeProvider.System, new Random(1), Traces.None);
    }
}
