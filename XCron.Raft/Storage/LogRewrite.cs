namespace XCron.Raft.Storage;

/// <summary>Writes what was found in a directory as the beginning of another log.</summary>
internal static class LogRewrite
{
    private const int BytesAtOnce = 4 << 20;

    // Small, since it may be all that is written into it; the node's own next one has the size that is configured.
    private static readonly LogOptions Options = new() { SegmentBytes = 1 << 20 };

    /// <param name="staged">Empty; nothing of it counts before the caller says so.</param>
    /// <param name="identity">Whose log it becomes.</param>
    /// <param name="findings">Its entries, behind its snapshot.</param>
    /// <param name="term">Higher than any that was used: the node votes for nobody in it.</param>
    /// <param name="added">One more entry, which with all before it is committed by decree; null: none.</param>
    public static void Write(
        IDisk staged, NodeIdentity identity, DirectoryFindings findings, Term term, Membership? added)
    {
        IdentityFile.Save(staged, identity);
        using var log = WriteAheadLog.Open(staged, new(identity.ClusterId, identity.Node), Options, null);
        log.Append(findings.Snapshot, null, [], null, LogIndex.Zero);
        var bytes = 0L;
        foreach (var entry in findings.Entries)
        {
            log.Append(null, null, [entry], null, LogIndex.Zero);
            bytes += entry.Payload.Length;
            if (bytes < BytesAtOnce)
                continue;

            log.Flush();
            bytes = 0;
        }

        var state = new HardState(term, NodeId.None);
        var last = findings.Last.Next;
        if (added is null)
            log.Append(null, null, [], state, findings.Commit);
        else
            log.Append(null, null, [new(last, term, EntryKind.Configuration, added.Encode())], state, last);
        log.Flush();
        log.Confirm();
    }
}
