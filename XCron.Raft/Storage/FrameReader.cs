namespace XCron.Raft.Storage;

/// <summary>
/// Reads frames of one segment through a window, so that many small frames cost few reads. One thread at a time; what it
/// returns is valid until the next call.
/// </summary>
internal sealed class FrameReader(IDiskFile file, long fileBytes, uint seed, int windowBytes)
{
    private byte[] _window = [];
    private long _start;
    private int _filled;

    /// <summary>Whether a whole frame of this segment stands at the offset; its place in the chain is not checked.</summary>
    public bool TryRead(long offset, out FrameHeader header, out uint crc, out ReadOnlySpan<byte> body)
    {
        crc = 0;
        body = default;
        if (!TryReadHead(offset, out header) || header.FrameBytes > fileBytes - offset)
            return false;

        var frame = Bytes(offset, (int)header.FrameBytes);
        if (frame.Length < header.FrameBytes || !FrameHeader.IsWhole(frame, seed, out crc))
            return false;

        body = frame.Slice(FrameHeader.Bytes, header.BodyBytes);
        return true;
    }

    /// <summary>Whether the head of a frame stands at the offset, whatever follows it.</summary>
    public bool TryReadHead(long offset, out FrameHeader header) =>
        FrameHeader.TryDecode(Bytes(offset, FrameHeader.Bytes), seed, out header);

    /// <summary>The bytes at an offset, fewer where the file ends.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, int count)
    {
        var wanted = (int)Math.Min(count, Math.Max(0, fileBytes - offset));
        if (offset < _start || offset + wanted > _start + _filled)
            Fill(offset, wanted);
        var at = (int)(offset - _start);
        return _window.AsSpan(at, Math.Min(wanted, _filled - at));
    }

    private void Fill(long offset, int wanted)
    {
        var bytes = (int)Math.Min(Math.Max(wanted, windowBytes), fileBytes - offset);
        if (_window.Length < bytes)
            _window = new byte[bytes];
        _start = offset;
        _filled = file.Read(offset, _window.AsSpan(0, bytes));
    }
}
