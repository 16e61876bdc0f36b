using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>Says in the contract's codes why a task was not paused, resumed, run or updated.</summary>
internal static class ChangeRefusal
{
    private static readonly ApiError NoOwner = new(
        ApiCode.NoLeader, "no node that is up owns the task at this moment; nothing was written, try again");

    /// <summary>The task changed each time before the command that was computed from it arrived.</summary>
    public static ApiError Restless { get; } = new(
        ApiCode.Conflict, "the task went on changing meanwhile; nothing was written, try again");

    /// <exception cref="InvalidDataException">The state machine says what it cannot say of a valid command.</exception>
    public static ApiError Of(long code, TaskKey key) => code switch
    {
        ResultCode.UnknownTask => key.NotFound(),
        ResultCode.NoOwner => NoOwner,
        ResultCode.AlreadyPaused => Conflict("the task is paused already"),
        ResultCode.NothingToPause => Conflict("the task has no run to come; must have one to be paused"),
        ResultCode.NotPaused => Conflict("the task is not paused; must be, to be resumed"),
        ResultCode.RunGoingOn => Conflict(
            "a run of the task is going on; must have ended, or overlap must be \"allow\""),
        ResultCode.TooManyRuns => Conflict($"the task has {OpenRuns.Most} open runs, which is the limit"),
        _ => throw new InvalidDataException($"The state machine answered the change of a task with code {code}."),
    };

    private static ApiError Conflict(string message) => new(ApiCode.Conflict, message);
}
