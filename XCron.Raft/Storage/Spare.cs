namespace XCron.Raft.Storage;

/// <summary>A file that is ready to become a segment.</summary>
/// <param name="Name">Its name so far.</param>
/// <param name="File">Open; whoever takes the spare owns it.</param>
/// <param name="FileBytes">Its length.</param>
/// <param name="Recycled">It does not hold zeros but what was there before.</param>
internal sealed record Spare(string Name, IDiskFile File, long FileBytes, bool Recycled);
