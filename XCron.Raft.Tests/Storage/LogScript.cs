using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

/// <summary>
/// Random work on a log and its snapshots, and what must be there afterwards: all that was acknowledged, and of the
/// batch that was on its way all or nothing.
/// </summary>
internal sealed class LogScript(SimulatedDisk disk, Random random) : IDisposable
{
    private LogModel _acked = new();
    private LogModel _staged = new();
    private SnapshotMark? _ackedSnapshot;
    private SnapshotMark? _newSnapshot;
    private WriteAheadLog _log = null!;
    private SnapshotStore _store = null!;

    /// <summary>Opens what is on disk and checks it; the work then goes on from there.</summary>
    public void Open()
    {
        _store = new(disk, Sample.Identity);
        var snapshot = _store.Latest;
        Assert.That(_store.Damaged, Is.Empty, "damaged snapshots");
        Assert.That(snapshot?.Index, Is.EqualTo(_ackedSnapshot?.Index).Or.EqualTo(_newSnapshot?.Index), "snapshot");

        _log = Sample.Open(disk, snapshot: snapshot);
        var withoutBatch = _acked.Compare(_log.Recovery, snapshot);
        var withBatch = _staged.Compare(_log.Recovery, snapshot);
        Assert.That(withoutBatch is null || withBatch is null, $"{withoutBatch}; or {withBatch}");

        _acked = (withoutBatch is null ? _acked : _staged).OpenedWith(snapshot);
        _staged = _acked.Clone();
        _ackedSnapshot = _newSnapshot = snapshot;
        CheckReads();
    }

    public void Dispose() => _log?.Dispose();

    public void Step()
    {
        switch (random.Next(100))
        {
            case < 40:
                Stage();
                break;
            case < 70:
                Flush();
                break;
            case < 76:
                TakeSnapshot();
                break;
            case < 79:
                InstallSnapshot();
                break;
            case < 90:
                _log.PrepareSpare();
                break;
            case < 93:
                _log.Confirm();
                break;
            case < 97:
                CheckReads();
                break;
            default:
                Dispose();
                disk.Kill();
                _staged = _acked.Clone();
                Open();
                break;
        }
    }

    public void Flush()
    {
        _log.Flush();
        _acked = _staged.Clone();
    }

    private void Stage()
    {
        LogIndex? truncateFrom = null;
        if (_staged.Last > _staged.Commit && random.Next(4) == 0)
        {
            truncateFrom = _staged.Commit + 1 + random.NextInt64(_staged.Last - _staged.Commit);
            _staged.Truncate(truncateFrom.Value);
        }

        var term = new Term(Math.Max(1, _staged.LastTerm.Value) + (random.Next(5) == 0 ? 1 : 0));
        var entries = new LogEntry[random.Next(6)];
        for (var i = 0; i < entries.Length; i++)
        {
            var payload = new byte[random.Next(40) == 0 ? random.Next(9000) : random.Next(300)];
            random.NextBytes(payload);
            entries[i] = new(_staged.Last.Next, term, (EntryKind)random.Next(3), payload);
            _staged.Entries.Add(entries[i]);
        }

        HardState? state = null;
        if (random.Next(3) == 0)
        {
            var vote = new NodeId((ulong)random.Next(1, 4));
            state = new(new(Math.Max(term.Value, _staged.HardState.Term.Value + 1)), vote);
            _staged.HardState = state.Value;
        }

        if (random.Next(2) == 0)
            _staged.Commit += random.NextInt64(_staged.Last - _staged.Commit + 1);
        _log.Append(null, truncateFrom, entries, state, _staged.Commit);
    }

    private void TakeSnapshot()
    {
        var index = _acked.Commit;
        if (index > (_ackedSnapshot?.Index ?? LogIndex.Zero))
            WriteSnapshot(Sample.Mark(index.Value, _acked.TermAt(index).Value));
    }

    private void InstallSnapshot()
    {
        Flush();
        var index = _acked.Commit + 1 + random.Next(12);
        var mark = Sample.Mark(index.Value, _acked.LastTerm.Value + 1);
        WriteSnapshot(mark, compact: false);
        _staged.Reset(mark);
        _log.Append(mark, null, [], null, mark.Index);
        Flush();
        _log.CompactTo(mark.Index.Next);
    }

    private void WriteSnapshot(SnapshotMark mark, bool compact = true)
    {
        _newSnapshot = mark;
        Sample.WriteSnapshot(_store, mark, new byte[random.Next(2000)]);
        _ackedSnapshot = mark;
        _store.DeleteOlderThan(mark);
        if (compact)
            _log.CompactTo(mark.Index.Next);
    }

    private void CheckReads()
    {
        var behind = _ackedSnapshot?.Index ?? LogIndex.Zero;
        Assert.That(_log.LastIndex, Is.EqualTo(_acked.Last), "last index");
        Assert.That(_log.Read(_acked.Last.Next, 1000), Is.Empty, "behind the end");
        for (var i = 0; i < 4 && _acked.Last > LogIndex.Max(behind, _acked.Base); i++)
        {
            var first = LogIndex.Max(behind, _acked.Base).Next;
            var from = first + random.NextInt64(_acked.Last - first + 1);
            var read = _log.Read(from, random.Next(4000));
            var expected = _acked.Entries.Where(entry => entry.Index >= from).Take(read.Length).ToArray();
            Assert.That(read, Is.Not.Empty, $"entry {from}");
            Assert.That(LogModel.CompareEntries(expected, read), Is.Null, $"read from {from}");
        }
    }
}
