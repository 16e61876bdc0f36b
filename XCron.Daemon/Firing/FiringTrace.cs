using XCron.Daemon.Commands;

namespace XCron.Daemon.Firing;

/// <summary>What firing tells the operator. Event ids 3000 to 3099.</summary>
internal static partial class FiringTrace
{
    [LoggerMessage(3000, LogLevel.Information, "Firing as node {Node}, session {Incarnation:x16}.")]
    public static partial void Started(this ILogger logger, Raft.NodeId node, ulong incarnation);

    [LoggerMessage(3001, LogLevel.Information,
        "Owners epoch {Epoch}: {Gained} shards gained, {Lost} lost, {Owned} owned.")]
    public static partial void OwnersChanged(this ILogger logger, long epoch, int gained, int lost, int owned);

    [LoggerMessage(3002, LogLevel.Warning,
        "The wall clock was set back by {Milliseconds} ms; due times are taken by the clock as it now is.")]
    public static partial void ClockSetBack(this ILogger logger, long milliseconds);

    [LoggerMessage(3003, LogLevel.Warning, "{Claims} claims were not applied ({Reason}); again in {Milliseconds} ms.")]
    public static partial void ClaimsNotApplied(this ILogger logger, int claims, string reason, double milliseconds);

    [LoggerMessage(3004, LogLevel.Warning,
        "{Results} results were not recorded ({Reason}); again in {Milliseconds} ms.")]
    public static partial void ResultsNotRecorded(this ILogger logger, int results, string reason, double milliseconds);

    [LoggerMessage(3005, LogLevel.Error, "Task {Task} is due but cannot be planned: {Problem} It is tried again.")]
    public static partial void Unplannable(this ILogger logger, TaskId task, string problem);

    [LoggerMessage(3006, LogLevel.Warning,
        "{Parked} claimed attempts wait: until it is sure again that this node owns their "
        + "shards, or until its clock, which was set back or is behind another's, shows that they are due.")]
    public static partial void AttemptsParked(this ILogger logger, int parked);

    [LoggerMessage(3007, LogLevel.Warning,
        "Stopped with {InFlight} attempts cut off and {Results} results not recorded; the next owner sends them.")]
    public static partial void CutOff(this ILogger logger, int inFlight, int results);

    [LoggerMessage(3008, LogLevel.Error, "The attempt of task {Task} ended by a defect of xcron's: a failed attempt.")]
    public static partial void AttemptDefect(this ILogger logger, Exception exception, TaskId task);

    [LoggerMessage(3009, LogLevel.Critical, "The {Loop} loop of firing ended by an error; this node must stop.")]
    public static partial void LoopFailed(this ILogger logger, Exception exception, string loop);
}
