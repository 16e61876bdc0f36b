using Microsoft.Extensions.Logging;
using XCron.Raft.Core;
using XCron.Raft.Storage;

namespace XCron.Raft.Runtime;

/// <summary>
/// Pulls a leader's snapshot to disk, resuming where a broken stream ended, and hands it to the applier. One at a time;
/// an offer of a newer one replaces it.
/// </summary>
internal sealed class SnapshotInstaller(
    SnapshotStore store,
    IRaftTransport transport,
    Func<NodeInput, bool> tell,
    Func<ApplierJob, bool> tellApplier,
    Action<Func<Task>> inBackground,
    ILogger logger)
    : IDisposable
{
    private readonly IRaftTransport _transport = transport;
    private readonly Func<NodeInput, bool> _tell = tell;
    private readonly Func<ApplierJob, bool> _tellApplier = tellApplier;
    private readonly ILogger _logger = logger;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private Pull? _pull;

    /// <summary>Returns at once: the disk is touched elsewhere than on the caller's thread.</summary>
    public void Install(Effect.InstallSnapshot wanted) => inBackground(() =>
    {
        Begin(wanted);
        return Task.CompletedTask;
    });

    public void Dispose()
    {
        _stopping.Cancel();
        lock (_gate)
            _pull?.BreakOff(keepsPart: true);
        _stopping.Dispose();
    }

    private void Begin(Effect.InstallSnapshot wanted)
    {
        Pull pull;
        lock (_gate)
        {
            // The same one from another leader has the same bytes: what is here stays.
            _pull?.BreakOff(keepsPart: _pull.IsOf(wanted));
            _pull = pull = new Pull(this, wanted, store.Receive(wanted.Index, wanted.EntryTerm));
            if (pull.CompleteIfWhole())
                return;
        }

        RaftTrace.SnapshotPullStarted(_logger, wanted.Index.Value, wanted.Leader);
        pull.Start();
    }

    /// <summary>One snapshot on its way; the sink of the streams that carry it.</summary>
    private sealed class Pull(SnapshotInstaller owner, Effect.InstallSnapshot wanted, SnapshotReceiver receiver)
        : ISnapshotSink
    {
        private long _totalBytes = -1;
        private long _startOffset;
        private bool _abandoned;
        private bool _over;

        /// <summary>
        /// Where an earlier pull was broken off after its last byte, no stream would bring a byte to go on from.
        /// </summary>
        public bool CompleteIfWhole()
        {
            if (!receiver.IsWhole)
                return false;

            Complete();
            return true;
        }

        public void Start()
        {
            _startOffset = receiver.Offset;
            owner._transport.FetchSnapshot(
                wanted.Leader, wanted.Index, wanted.EntryTerm, _startOffset, this, owner._stopping.Token);
        }

        public bool Chunk(long offset, long totalBytes, ReadOnlySpan<byte> content)
        {
            lock (owner._gate)
            {
                // A stream that was overtaken by its successor brings bytes that are already here.
                if (_abandoned || _over || offset != receiver.Offset)
                    return false;

                _totalBytes = totalBytes;
                try
                {
                    receiver.Append(content);
                    return true;
                }
                catch (IOException failure)
                {
                    RaftTrace.SnapshotPullFailed(owner._logger, wanted.Index.Value, failure);
                    Fail();
                    return false;
                }
            }
        }

        public void Ended()
        {
            lock (owner._gate)
            {
                if (_abandoned || _over)
                    return;

                if (receiver.Offset == _totalBytes)
                {
                    Complete();
                    return;
                }

                if (receiver.Offset == _startOffset || owner._stopping.IsCancellationRequested)
                {
                    // Tried again with the leader's next offer, soon enough. What is here is gone on from then, unless
                    // a newer snapshot is offered.
                    Fail(keepsPart: true);
                    return;
                }
            }

            Start();
        }

        public bool IsOf(Effect.InstallSnapshot other) =>
            other.Index == wanted.Index && other.EntryTerm == wanted.EntryTerm;

        public void BreakOff(bool keepsPart)
        {
            _abandoned = true;
            if (_over)
                return;
            if (keepsPart)
                receiver.Dispose();
            else
                receiver.Abandon();
        }

        private void Complete()
        {
            _over = true;
            try
            {
                var mark = receiver.Complete();
                RaftTrace.SnapshotPulled(owner._logger, mark.Index.Value, receiver.Offset);
                owner._tellApplier(new ApplierJob.Restore(mark));
            }
            catch (IOException failure)
            {
                // Also what is left of an earlier transfer may be damaged: it is pulled anew from its beginning.
                RaftTrace.SnapshotPullFailed(owner._logger, wanted.Index.Value, failure);
                Fail();
            }
        }

        private void Fail(bool keepsPart = false)
        {
            _over = true;
            if (keepsPart)
                receiver.Dispose();
            else
                receiver.Abandon();
            owner._tell(new NodeInput.SnapshotFailed(wanted.Index));
        }
    }
}
