using Grpc.Core;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// What other daemons may ask of this one. Lives as long as the process: it answers who this node is before the node
/// has a log, and ends its streams when the process is told to stop.
/// </summary>
internal sealed class ClusterPeerService : ClusterPeer.ClusterPeerBase, IDisposable
{
    private readonly PeerOptions _options;
    private readonly PeerIdentity _identity;
    private readonly MemberDirectory _members;
    private readonly TimeProvider _timeProvider;
    private readonly SharedSecret _secret;
    private readonly RequestDeadlines _deadlines;
    private readonly CancellationToken _stopping;

    // Set once, when the node has its log; until then nothing can be proposed or reported here.
    private volatile IRaftAccess? _raft;
    private volatile MemberChanges? _changes;

    public ClusterPeerService(
        PeerOptions options,
        PeerIdentity identity,
        MemberDirectory members,
        TimeProvider timeProvider,
        CancellationToken stopping)
    {
        _options = options;
        _identity = identity;
        _members = members;
        _timeProvider = timeProvider;
        _stopping = stopping;
        _secret = new SharedSecret(options.SharedSecret);
        _deadlines = new RequestDeadlines(options.RequestTimeout, timeProvider);
    }

    /// <summary>From now on commands and reports are taken.</summary>
    public void Attach(IRaftAccess raft, MemberChanges? changes = null)
    {
        _changes = changes;
        _raft = raft;
    }

    public override Task<IdentifyReply> Identify(IdentifyRequest request, ServerCallContext context)
    {
        RequireSecret(request.SharedSecret);
        return Task.FromResult(_identity.Reply());
    }

    public override async Task Forward(
        IAsyncStreamReader<ForwardRequest> requestStream,
        IServerStreamWriter<ForwardReply> responseStream,
        ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken))
            return;

        RequireSecret(requestStream.Current.SharedSecret);
        var raft = RequireRaft();
        await responseStream.WriteAsync(new ForwardReply(), context.CancellationToken);
        await new ForwardSession(raft, _options, _deadlines)
            .RunAsync(requestStream, responseStream, _stopping, context.CancellationToken);
    }

    public override async Task Report(
        IAsyncStreamReader<NodeReport> requestStream,
        IServerStreamWriter<ReportAck> responseStream,
        ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, _stopping);
        var stream = 0L;
        try
        {
            if (!await requestStream.MoveNext(ending.Token))
                return;

            RequireSecret(requestStream.Current.SharedSecret);
            var raft = RequireRaft();
            stream = _members.OpenStream();
            do
            {
                var report = requestStream.Current;
                if (raft.Membership.Find(new NodeId(report.NodeId)) is not null)
                    _members.Heard(report, stream);
                var nowMs = _timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
                await responseStream.WriteAsync(new ReportAck { WallClockMs = nowMs }, ending.Token);
            }
            while (await requestStream.MoveNext(ending.Token));
        }
        catch (Exception broken) when (broken is IOException
            || (ending.IsCancellationRequested && broken is not RpcException))
        {
            // The caller is gone, or this node is stopping: the stream just ends.
        }
        finally
        {
            _members.EndStream(stream);
        }
    }

    public override async Task<MemberReply> ChangeMembers(MemberRequest request, ServerCallContext context)
    {
        RequireSecret(request.SharedSecret);
        return _changes is { } changes
            ? await changes.AnswerAsync(request, context.CancellationToken)
            : MemberReplies.NotLeader;
    }

    public override async Task<CatchUpReply> CatchUp(CatchUpRequest request, ServerCallContext context)
    {
        RequireSecret(request.SharedSecret);
        return await RequireRaft().ReadBarrierAsync(context.CancellationToken)
            ? new CatchUpReply()
            : throw new RpcException(new Status(StatusCode.Unavailable, "no majority answers"));
    }

    public void Dispose() => _deadlines.Dispose();

    private void RequireSecret(string said)
    {
        if (!_secret.Matches(said))
            throw new RpcException(new Status(StatusCode.PermissionDenied, "the shared secret is another"));
    }

    private IRaftAccess RequireRaft() =>
        _raft ?? throw new RpcException(new Status(StatusCode.Unavailable, "the node is starting"));
}
