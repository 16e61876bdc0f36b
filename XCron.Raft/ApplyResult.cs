namespace XCron.Raft;

/// <summary>What a state machine answers to one command.</summary>
/// <param name="Code">A number the application gives a meaning to; 0 by custom is success.</param>
/// <param name="Data">More of an answer, or empty; not changed after it is returned.</param>
public readonly record struct ApplyResult(long Code, ReadOnlyMemory<byte> Data = default);
