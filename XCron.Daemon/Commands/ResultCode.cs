namespace XCron.Daemon.Commands;

/// <summary>What ApplyResult.Code and the codes inside the answers mean; from 1000 on they are the API's.</summary>
internal static class ResultCode
{
    public const int Ok = 0;

    /// <summary>AssignShards: the table of owners has moved on since the proposer looked.</summary>
    public const int StaleEpoch = 1;

    /// <summary>
    /// CreateTasks: another session chose the same id; nothing was created. Propose again with a new id.
    /// </summary>
    public const int IdTaken = 2;

    /// <summary>AssignShards: names a shard that does not exist; nothing was assigned.</summary>
    public const int NoSuchShard = 3;

    /// <summary>ResumeTask, UpdateTask: the record has changed since the proposer looked; look again.</summary>
    public const int Changed = 4;

    /// <summary>RunTask: nobody owns the task's shard now, so nobody can make the attempt.</summary>
    public const int NoOwner = 5;

    /// <summary>ResumeTask: the task is not paused.</summary>
    public const int NotPaused = 6;

    /// <summary>PauseTask: the task is paused already.</summary>
    public const int AlreadyPaused = 7;

    /// <summary>PauseTask: no due time is left.</summary>
    public const int NothingToPause = 8;

    /// <summary>RunTask: an attempt is on its way, and the task's runs may not overlap.</summary>
    public const int RunGoingOn = 9;

    /// <summary>RunTask: as many runs are open as there may be.</summary>
    public const int TooManyRuns = 10;

    /// <summary>ImportTasks: the same task was there already.</summary>
    public const int Unchanged = 15;

    /// <summary>CreateTasks, ImportTasks: the id is not positive, or the definition cannot be read.</summary>
    public const int Invalid = 1000;

    public const int UnknownTask = 1030;

    public const int NameTaken = 1040;
}
