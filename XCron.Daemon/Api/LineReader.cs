using System.Buffers;
using System.IO.Pipelines;

namespace XCron.Daemon.Api;

/// <summary>
/// Reads a body line by line, holding one line of it at most. A line over the limit is passed over and told of. Dispose
/// gives back what is held: a server whose read was not given back cannot go on with the connection.
/// </summary>
internal sealed class LineReader(PipeReader reader, int maxLineBytes) : IDisposable
{
    private SequencePosition? _consumed;
    private bool _isPassingOver;

    /// <summary>The number of the line that was read last, from 1 on.</summary>
    public long Number { get; private set; }

    /// <summary>The next line; null at the end. Valid until the next is asked for.</summary>
    /// <exception cref="BadHttpRequestException">The body breaks the rules of HTTP.</exception>
    public async ValueTask<Line?> NextAsync(CancellationToken cancellationToken)
    {
        Dispose();

        // What is known to hold no line break, so that a long line that comes in many pieces is not searched as often.
        var searched = 0L;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            var end = buffer.Slice(searched).PositionOf((byte)'\n');
            if (end is { } lineEnd)
                return Take(buffer.Slice(0, lineEnd), buffer.GetPosition(1, lineEnd));
            if (read.IsCompleted)
            {
                _consumed = buffer.End;
                return buffer.IsEmpty && !_isPassingOver ? null : Take(buffer, buffer.End);
            }

            if (buffer.Length <= maxLineBytes && !_isPassingOver)
            {
                searched = buffer.Length;
                reader.AdvanceTo(buffer.Start, buffer.End);
                continue;
            }

            _isPassingOver = true;
            searched = 0;
            reader.AdvanceTo(buffer.End);
        }
    }

    public void Dispose()
    {
        if (_consumed is { } consumed)
            reader.AdvanceTo(consumed);
        _consumed = null;
    }

    private Line Take(ReadOnlySequence<byte> bytes, SequencePosition consumed)
    {
        var isTooLong = _isPassingOver || bytes.Length > maxLineBytes;
        _isPassingOver = false;
        _consumed = consumed;
        Number++;
        if (isTooLong)
            return new Line(default, IsTooLong: true);
        return new Line(bytes.IsSingleSegment ? bytes.First : bytes.ToArray(), IsTooLong: false);
    }

    /// <param name="Bytes">Without the line break.</param>
    /// <param name="IsTooLong">Passed over.</param>
    internal readonly record struct Line(ReadOnlyMemory<byte> Bytes, bool IsTooLong);
}
