namespace XCron.Daemon.State;

/// <summary>Reads from a stream what stands behind lengths, in one buffer that grows to the largest.</summary>
internal sealed class SnapshotFrames(Stream source)
{
    private const int MaxLengthBytes = 5;

    /// <summary>
    /// Far above any record (a request is at most some hundred KiB), far below what a damaged length says.
    /// </summary>
    private const int MaxFrameBytes = 64 * 1024 * 1024;

    private byte[] _buffer = new byte[128 * 1024];

    // Invariant: 0 <= _start <= _end <= _buffer.Length; what lies between was read and not yet handed out.
    private int _start;
    private int _end;

    /// <summary>The next message's bytes, valid until the next call.</summary>
    /// <exception cref="InvalidDataException">The stream ends too early, or a length is beyond all bounds.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken)
    {
        var length = 0L;
        for (var shift = 0; ; shift += 7)
        {
            if (shift >= 7 * MaxLengthBytes)
                throw new InvalidDataException("The length of a message in the snapshot has no end.");

            await FillAsync(1, cancellationToken);
            var next = _buffer[_start++];
            length |= (long)(next & 0x7f) << shift;
            if (next < 0x80)
                break;
        }

        if (length > MaxFrameBytes)
            throw new InvalidDataException($"A message of the snapshot has {length} bytes; at most {MaxFrameBytes}.");

        await FillAsync((int)length, cancellationToken);
        var frame = _buffer.AsMemory(_start, (int)length);
        _start += (int)length;
        return frame;
    }

    /// <exception cref="InvalidDataException">The stream goes on.</exception>
    public async ValueTask RequireEndAsync(CancellationToken cancellationToken)
    {
        if (_start < _end || await source.ReadAsync(_buffer, cancellationToken) > 0)
            throw new InvalidDataException("The snapshot goes on after its last task.");
    }

    private async ValueTask FillAsync(int count, CancellationToken cancellationToken)
    {
        if (_end - _start >= count)
            return;

        if (_buffer.Length < count)
        {
            var larger = new byte[Math.Max(count, _buffer.Length * 2)];
            _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        }

        (_start, _end) = (0, _end - _start);
        _end += await source.ReadAtLeastAsync(_buffer.AsMemory(_end), count - _end, false, cancellationToken);
        if (_end < count)
            throw new InvalidDataException($"The snapshot ends {count - _end} bytes too early.");
    }
}
