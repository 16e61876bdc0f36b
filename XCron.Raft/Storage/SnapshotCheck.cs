namespace XCron.Raft.Storage;

/// <summary>Reads a snapshot file from its first byte to its last, for its own sake.</summary>
internal static class SnapshotCheck
{
    /// <returns>What the file stands for.</returns>
    /// <exception cref="LogDamagedException">Something of it is not what was written.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it.</exception>
    public static SnapshotMark Verify(IDisk disk, string name, Guid clusterId)
    {
        using var file = disk.Open(name);
        var header = SnapshotHeader.Read(file, name, clusterId);
        _ = SnapshotName.TryParse(name, "", out var index, out var term);
        if (header.Mark.Index != index || header.Mark.Term != term)
            throw new LogDamagedException(name, 32, $"this is a copy of the snapshot up to {header.Mark.Index}.");

        var blocks = new SnapshotBlocks(file, name, header);
        while (!blocks.Next().IsEmpty)
        {
            // Each block is checked as it is read, and the footer at the end.
        }

        return header.Mark;
    }
}
