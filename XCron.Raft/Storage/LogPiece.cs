namespace XCron.Raft.Storage;

/// <summary>A stretch of frames to read entries from; its segment is pinned.</summary>
/// <param name="Segment">The segment, to be unpinned.</param>
/// <param name="Offset">Where the first frame begins.</param>
/// <param name="End">Where the last one ends.</param>
/// <param name="Last">The last entry to take from it; what follows is void or belongs to the next piece.</param>
/// <param name="Cuts">How many truncations the log had seen.</param>
internal readonly record struct LogPiece(LogSegment Segment, long Offset, long End, LogIndex Last, long Cuts);
