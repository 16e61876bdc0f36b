using XCron.Daemon.Commands;
using XCron.Daemon.Diagnostics;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>What the API stands on; the composition root fills it in.</summary>
internal sealed record ApiServices
{
    public const int DefaultMaxRequestBytes = 256 * 1024;

    public required ICommandGateway Gateway { get; init; }

    public required ITaskReader Tasks { get; init; }

    public required IClusterView Cluster { get; init; }

    public required ICallbackRules CallbackRules { get; init; }

    /// <summary>The keys that open the API; without any it is open.</summary>
    public ApiKeys Keys { get; init; } = ApiKeys.Off;

    public required TimeProvider Time { get; init; }

    public required RequestIdSource RequestIds { get; init; }

    /// <summary>Ids for new tasks; called from any thread.</summary>
    public required Func<TaskId> NextTaskId { get; init; }

    /// <summary>Whose ids these are: this process.</summary>
    public required OwnerSession Proposer { get; init; }

    /// <summary>Told of every exception that ended a request, with the request's uuid. Must not throw.</summary>
    public required Action<Guid, Exception> ReportDefect { get; init; }

    /// <summary>Changes the cluster itself, the action with the member at this "host:port".</summary>
    public Func<MemberAction, string, CancellationToken, Task<MemberAnswer>> ChangeMembers { get; init; } =
        static (_, _, _) => Task.FromResult<MemberAnswer>(new MemberAnswer.NoLeader());

    /// <summary>
    /// Waits until these nodes start no attempt any more that was granted before now.
    /// </summary>
    public Func<IReadOnlyList<NodeId>, CancellationToken, Task> AwaitCallers { get; init; } =
        static (_, _) => Task.CompletedTask;

    /// <summary>How much happens a second; null while that is not known.</summary>
    public Func<RateFigures?> Rates { get; init; } = static () => null;

    /// <summary>Told of every answer: the path, or "other" where there is none, and the HTTP status.</summary>
    public Action<string, int> RequestFinished { get; init; } = static (_, _) => { };

    /// <summary>The IANA zone of periodic tasks that name none: default_timezone, else the machine's.</summary>
    public required string DefaultTimezone { get; init; }

    /// <summary>The product's version, as shown by stats.</summary>
    public required string Version { get; init; }

    /// <summary>How long a finished task can still be queried.</summary>
    public TimeSpan CompletedRetention { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The largest body taken, in bytes (max_request_bytes).</summary>
    public int MaxRequestBytes { get; init; } = DefaultMaxRequestBytes;
}
