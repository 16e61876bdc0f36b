using XCron.Daemon.Commands;

namespace XCron.Daemon.Api;

/// <summary>What became of one task of a create.</summary>
/// <param name="Task">The new task, the one that was there before, or the one that has the name.</param>
/// <param name="IsExisting">The same task had been created under its name before.</param>
/// <param name="Error">Why it was not created, or null.</param>
internal readonly record struct CreateOutcome(TaskId Task, bool IsExisting, ApiError? Error)
{
    private static readonly ApiError IdTaken = new(ApiCode.Defect, "no free id was found; nothing was written");

    /// <summary>Another session had chosen the same id; it is to be proposed again with a new one.</summary>
    public bool IsIdTaken => ReferenceEquals(Error, IdTaken);

    /// <summary>By the bytes of its definition, the task that has the name is another.</summary>
    public bool IsNameTaken => Error is { Code: ApiCode.Conflict };

    /// <exception cref="InvalidDataException">The state machine says what it cannot say of a valid task.</exception>
    public static CreateOutcome Of(CreateAnswer answer) => answer.Code switch
    {
        ResultCode.Ok => new CreateOutcome(answer.Id, answer.Existing, null),
        ResultCode.IdTaken => new CreateOutcome(default, false, IdTaken),
        ResultCode.NameTaken => new CreateOutcome(answer.Id, false, NameTaken(answer.Id)),
        _ => throw new InvalidDataException($"The state machine answered a create with code {answer.Code}."),
    };

    private static ApiError NameTaken(TaskId holder) => new(
        ApiCode.Conflict,
        $"name is taken by task {holder}, which has another content; must be free, or that of the same task");
}
