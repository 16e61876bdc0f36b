using System.Runtime.CompilerServices;

namespace XCron.Daemon.Firing;

/// <summary>
/// A connection to a target on which no request goes out twice. .NET takes an end of the stream before the first byte
/// of an answer for a connection that was idle too long and sends a request without content anew, up to three times,
/// though the target may have acted on it: a GET would be called four times in one attempt. Here such an end is an
/// error, after which nothing is sent again.
/// </summary>
internal sealed class SentOnceStream(Stream inner) : Stream
{
    // Set by who writes, cleared by who reads: a read may be under way while the request goes out.
    private volatile bool _isAwaited;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        Judge(inner.Read(buffer, offset, count), count);

    public override Task<int> ReadAsync(
        byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = inner.ReadAsync(buffer, cancellationToken);
        return read.IsCompletedSuccessfully
            ? new ValueTask<int>(Judge(read.Result, buffer.Length))
            : AwaitAsync(read, buffer.Length);
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        _isAwaited = true;
        inner.Write(buffer, offset, count);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _isAwaited = true;
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> AwaitAsync(ValueTask<int> read, int wanted) => Judge(await read, wanted);

    /// <summary>A read of no bytes asks only whether there are some.</summary>
    private int Judge(int read, int wanted)
    {
        if (read > 0)
            _isAwaited = false;
        else if (wanted > 0 && _isAwaited)
            throw new HttpIOException(HttpRequestError.ResponseEnded, "The connection ended before the answer.");
        return read;
    }
}
