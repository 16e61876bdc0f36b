namespace XCron.Raft.Storage;

/// <summary>What a frame of a segment is for.</summary>
internal enum FrameKind : uint
{
    /// <summary>A batch: what one flush made durable.</summary>
    Batch = 1,

    /// <summary>A segment's first: repeats where the log stands, so that older segments can go.</summary>
    Opening = 2,

    /// <summary>A segment's last: the log goes on in the segment that its sequence names, which was durable before.</summary>
    Continued = 3,
}
