using System.Buffers;
using Google.Protobuf;
using XCron.Raft.Core;
using XCron.Raft.Grpc.Wire;

namespace XCron.Raft.Grpc;

/// <summary>
/// Appends to one peer that follow each other without a gap, on their way as one message. Nothing waits for it to fill:
/// it takes what came while the last message was being written. A follower that takes the one ends where it would
/// have ended with the several. Owned by the task that writes the stream.
/// </summary>
internal sealed class AppendBatch
{
    /// <summary>Entries of one message, unless a single append has more.</summary>
    public const int MaxBytes = 1 << 20;

    private readonly List<Message.AppendRequest> _appends = [];
    private int _bytes;
    private byte[]? _block;

    private Message.AppendRequest First => _appends[0];

    private Message.AppendRequest Last => _appends[^1];

    public void Begin(Message.AppendRequest first)
    {
        _appends.Clear();
        _appends.Add(first);
        _bytes = EntryBlock.BytesOf(first.Entries);
    }

    /// <summary>False where the message is no append that follows, or too much for one: it is not taken.</summary>
    public bool TryAdd(Message message)
    {
        if (message is not Message.AppendRequest next || !Follows(next))
            return false;

        var bytes = EntryBlock.BytesOf(next.Entries);
        if (_bytes + bytes > MaxBytes)
            return false;

        _appends.Add(next);
        _bytes += bytes;
        return true;
    }

    /// <summary>The message; it borrows a buffer until <see cref="Return"/>.</summary>
    public Envelope Encode()
    {
        var block = _block = ArrayPool<byte>.Shared.Rent(_bytes);
        var rest = block.AsSpan(0, _bytes);
        foreach (var append in _appends)
            rest = EntryBlock.Write(append.Entries, rest);
        return new Envelope
        {
            From = First.From.Value,
            To = First.To.Value,
            Term = First.Term.Value,
            AppendRequest = new AppendRequest
            {
                PrevIndex = First.PrevIndex.Value,
                PrevTerm = First.PrevTerm.Value,
                Commit = Last.Commit.Value,
                Entries = UnsafeByteOperations.UnsafeWrap(block.AsMemory(0, _bytes)),
            },
        };
    }

    /// <summary>Gives the buffer back; the message has been serialized.</summary>
    public void Return()
    {
        if (_block is { } block)
            ArrayPool<byte>.Shared.Return(block);
        _block = null;
    }

    // Of one term: what another leader said later is never added to it.
    private bool Follows(Message.AppendRequest next)
    {
        var last = Last;
        var lastTerm = last.Entries.Length == 0 ? last.PrevTerm : last.Entries[^1].Term;
        return next.Term == last.Term
            && next.PrevIndex == last.PrevIndex + last.Entries.Length
            && next.PrevTerm == lastTerm;
    }
}
