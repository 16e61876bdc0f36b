namespace XCron.Raft.Storage;

/// <summary>The remains of a last batch that was never acknowledged, found at start and cut off.</summary>
/// <param name="File">The segment.</param>
/// <param name="Offset">Where it began.</param>
/// <param name="Bytes">How much was cut.</param>
internal sealed record TornTail(string File, long Offset, long Bytes);
