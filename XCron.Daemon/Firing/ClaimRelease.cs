namespace XCron.Daemon.Firing;

/// <summary>A due task comes back from claiming, whatever became of the claim.</summary>
/// <param name="Task">The task's id.</param>
/// <param name="Revision">The record's revision that was looked at; 0 where there was no record.</param>
/// <param name="NotBeforeMs">While the record still has that revision, when to look at it again.</param>
/// <param name="IsWaiting">Nothing was to be claimed: it waits for a change, and is not overdue.</param>
internal readonly record struct ClaimRelease(long Task, long Revision, long NotBeforeMs, bool IsWaiting);
