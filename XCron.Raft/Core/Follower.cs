namespace XCron.Raft.Core;

/// <summary>Takes what the leader says, and waits for one (Raft §5.2, §5.3, §7).</summary>
internal sealed class Follower(RaftCore core) : Role
{
    private readonly Dictionary<long, (long ReadId, long AskedMs)> _reads = [];
    private LogIndex? _acknowledge;
    private LogIndex? _installing; // the snapshot that is being pulled for this leader

    public override RaftRole Kind => RaftRole.Follower;

    public LogIndex Installing => _installing ?? LogIndex.Zero;

    public override long DeadlineMs
    {
        get
        {
            var election = core.CanCampaign ? core.Clock.DeadlineMs : long.MaxValue;
            return _reads.Count == 0 ? election : Math.Min(election, OldestReadMs + core.Options.ElectionTimeoutMs);
        }
    }

    private long OldestReadMs => _reads.Values.Min(static read => read.AskedMs);

    public override void Tick(long nowMs)
    {
        FailReads(askedBeforeMs: nowMs - core.Options.ElectionTimeoutMs + 1);
        if (core.CanCampaign && nowMs >= core.Clock.DeadlineMs)
            core.BecomePreCandidate(nowMs);
    }

    public override void Step(Message message, long nowMs)
    {
        switch (message)
        {
            case Message.AppendRequest append:
                HearLeader(append.From, nowMs);
                Append(append);
                break;
            case Message.Heartbeat heartbeat:
                HearLeader(heartbeat.From, nowMs);
                core.CommitTo(LogIndex.Min(heartbeat.Commit, core.Log.LastIndex));
                core.Outbox.Send(new Message.HeartbeatResponse
                {
                    From = core.Self,
                    To = heartbeat.From,
                    Term = core.Term,
                    Round = heartbeat.Round,
                    LastIndex = core.Log.LastIndex,
                    Commit = core.Log.Commit,
                    SentMs = heartbeat.SentMs,
                    PromiseMs = core.Options.ElectionTimeoutMs,
                    Disk = core.Disk,
                    IsHeldUp = !core.Log.HasRoom,
                });
                break;
            case Message.TimeoutNow order:
                // An order that comes late, when the leader has given up and appended more, means nothing.
                if (core.CanCampaign && order.From == core.Leader && order.LastIndex == core.Log.LastIndex)
                    core.BecomeCandidate(nowMs, isTransfer: true);
                break;
            case Message.SnapshotOffer offer:
                HearLeader(offer.From, nowMs);
                Consider(offer);
                break;
            case Message.ReadIndexResponse response:
                Answer(response);
                break;
        }
    }

    public override void ReadIndex(long readId, long nowMs)
    {
        if (core.Leader == NodeId.None || _reads.Count >= core.Options.MaxWaitingReads)
        {
            core.Outbox.Add(new Effect.ReadFailed(readId));
            return;
        }

        // The number on the wire is random: an answer to a question of an earlier life must not fit one of this life.
        var wireId = core.Random.NextInt64(1, long.MaxValue);
        _reads[wireId] = (readId, nowMs);
        core.Outbox.Send(new Message.ReadIndexRequest
        {
            From = core.Self, To = core.Leader, Term = core.Term, ReadId = wireId,
        });
    }

    public override void BeforeDrain(long nowMs)
    {
        if (_acknowledge is not { } match)
            return;

        _acknowledge = null;
        core.Outbox.SendWhenDurable(new Message.AppendResponse
        {
            From = core.Self, To = core.Leader, Term = core.Term, Accepted = true, Match = match,
        });
    }

    public override void End() => FailReads(askedBeforeMs: long.MaxValue);

    public void SnapshotInstalled(SnapshotMark mark)
    {
        if (_installing <= mark.Index)
            _installing = null;
        if (core.Leader != NodeId.None)
            Acknowledge(mark.Index);
    }

    public void SnapshotFailed(LogIndex index)
    {
        if (_installing == index)
            _installing = null;
    }

    private void HearLeader(NodeId leader, long nowMs)
    {
        Invariant.Require(core.Leader == NodeId.None || core.Leader == leader, "a term has one leader");
        core.SetLeader(leader);
        core.Clock.HeardLeader(nowMs);
    }

    private void Append(Message.AppendRequest append)
    {
        var log = core.Log;
        if (append.Entries.Length > 0 && !log.HasRoom)
            return; // the leader hears of it with the next heartbeat and sends it again when there is room

        var verified = append.PrevIndex + append.Entries.Length;
        if (append.PrevIndex > log.LastIndex)
        {
            Reject(append, default, log.LastIndex.Next);
            return;
        }

        // Before the base all is committed, so it matches whatever a leader says of it (Leader Completeness).
        if (append.PrevIndex >= log.View.Base && log.View.TermAt(append.PrevIndex) != append.PrevTerm)
        {
            var conflict = log.View.TermAt(append.PrevIndex);
            Reject(append, conflict, log.View.FirstOfRun(append.PrevIndex));
            return;
        }

        foreach (var entry in append.Entries)
        {
            if (entry.Index <= log.View.Base || log.View.Matches(entry.Index, entry.Term))
                continue;

            // Only a real conflict truncates: a late or doubled append of an old prefix never shortens the log.
            if (entry.Index <= log.LastIndex)
                core.TruncateFrom(entry.Index);
            core.AppendEntry(entry);
        }

        core.CommitTo(LogIndex.Min(append.Commit, verified));
        Acknowledge(verified);
    }

    // What was verified is acknowledged, never the log's own end; appends of one drain share an acknowledgement.
    private void Acknowledge(LogIndex verified) =>
        _acknowledge = _acknowledge is { } earlier ? LogIndex.Max(earlier, verified) : verified;

    private void Reject(Message.AppendRequest append, Term conflictTerm, LogIndex conflictIndex) =>
        core.Outbox.SendWhenDurable(new Message.AppendResponse
        {
            From = core.Self,
            To = append.From,
            Term = core.Term,
            Accepted = false,
            RejectedPrev = append.PrevIndex,
            ConflictTerm = conflictTerm,
            ConflictIndex = conflictIndex,
        });

    private void Consider(Message.SnapshotOffer offer)
    {
        // A leader's snapshot is committed: where the log has its last entry there is nothing to pull.
        if (core.Log.View.Matches(offer.Index, offer.EntryTerm))
            core.CommitTo(offer.Index);
        if (offer.Index <= core.Log.Commit)
        {
            Acknowledge(core.Log.Commit);
            return;
        }

        // A newer one does not replace a pull under way: where snapshots are taken faster than they travel none would
        // ever arrive. Each pull ends, and the next offer after that counts.
        if (_installing is not null)
            return;

        _installing = offer.Index;
        core.Outbox.Add(new Effect.InstallSnapshot(offer.From, offer.Index, offer.EntryTerm));
    }

    private void Answer(Message.ReadIndexResponse response)
    {
        if (!_reads.Remove(response.ReadId, out var read))
            return;

        core.Outbox.Add(response.Accepted
            ? new Effect.ReadReady(read.ReadId, response.Index)
            : new Effect.ReadFailed(read.ReadId));
    }

    private void FailReads(long askedBeforeMs)
    {
        if (_reads.Count == 0)
            return;

        foreach (var (wireId, read) in _reads.Where(read => read.Value.AskedMs < askedBeforeMs).ToArray())
        {
            _reads.Remove(wireId);
            core.Outbox.Add(new Effect.ReadFailed(read.ReadId));
        }
    }
}
