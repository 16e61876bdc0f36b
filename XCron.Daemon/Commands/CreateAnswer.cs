namespace XCron.Daemon.Commands;

/// <summary>What came of one create.</summary>
/// <param name="Code">A <see cref="ResultCode"/>.</param>
/// <param name="Id">The new task's, or that of the task which is in the way or is the same.</param>
/// <param name="Existing">The same task was there already, under its name.</param>
internal readonly record struct CreateAnswer(int Code, TaskId Id, bool Existing);
