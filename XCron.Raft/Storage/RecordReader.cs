using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>Walks the records of a frame's body. Throws <see cref="FormatException"/> on what it does not know.</summary>
internal ref struct RecordReader(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private int _position;

    public RecordKind Kind { get; private set; }

    /// <summary>The record's index, or the term of a hard state.</summary>
    public long First { get; private set; }

    /// <summary>The record's term, or the vote of a hard state.</summary>
    public long Second { get; private set; }

    public EntryKind EntryKind { get; private set; }

    /// <summary>Where in the body an entry's payload begins.</summary>
    public int PayloadOffset { get; private set; }

    public int PayloadBytes { get; private set; }

    /// <summary>Moves to the next record; false at the end.</summary>
    public bool Next()
    {
        if (_position == _body.Length)
            return false;

        Kind = (RecordKind)_body[_position++];
        switch (Kind)
        {
            case RecordKind.Entry:
                ReadEntry();
                break;
            case RecordKind.HardState or RecordKind.Truncate or RecordKind.Reset or RecordKind.Stand:
                First = Number();
                Second = Number();
                break;
            case RecordKind.Commit:
                First = Number();
                break;
            default:
                throw new FormatException($"a record of unknown kind {(byte)Kind}.");
        }

        return true;
    }

    private void ReadEntry()
    {
        Require(5);
        EntryKind = (EntryKind)_body[_position];
        PayloadBytes = BinaryPrimitives.ReadInt32LittleEndian(_body[(_position + 1)..]);
        _position += 5;
        First = Number();
        Second = Number();
        if (PayloadBytes < 0)
            throw new FormatException("an entry of negative length.");

        Require(PayloadBytes);
        PayloadOffset = _position;
        _position += PayloadBytes;
    }

    private long Number()
    {
        Require(8);
        var number = BinaryPrimitives.ReadInt64LittleEndian(_body[_position..]);
        _position += 8;
        return number;
    }

    private readonly void Require(int bytes)
    {
        if (_body.Length - _position < bytes)
            throw new FormatException("a record that ends behind its batch.");
    }
}
