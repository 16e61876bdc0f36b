using System.IO.Pipelines;
using System.Text;
using XCron.Daemon.Api;

namespace XCron.Daemon.Tests.Api;

internal sealed class LineReaderTests
{
    private const int MaxLineBytes = 40;

    [Test]
    public async Task Lines_are_those_of_the_text_however_it_arrives([Range(1, 30)] int seed)
    {
        var random = new Random(seed);
        var lines = Enumerable.Range(0, random.Next(1, 20))
            .Select(_ => new string('x', random.Next(5) == 0 ? random.Next(41, 200) : random.Next(0, 41)))
            .ToArray();
        var isEnded = random.Next(2) == 0 || lines[^1].Length == 0;
        var text = Encoding.UTF8.GetBytes(string.Join('\n', lines) + (isEnded ? "\n" : ""));
        var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 16, useSynchronizationContext: false));
        var writing = WriteAsync(pipe.Writer, text, random);

        using var reader = new LineReader(pipe.Reader, MaxLineBytes);
        var read = new List<string>();
        while (await reader.NextAsync(CancellationToken.None) is { } line)
            read.Add(line.IsTooLong ? "too long" : Encoding.UTF8.GetString(line.Bytes.Span));
        await writing;

        Assert.That(
            read,
            Is.EqualTo(lines.Select(line => line.Length > MaxLineBytes ? "too long" : line)),
            $"seed {seed}");
        Assert.That(reader.Number, Is.EqualTo(lines.Length), $"seed {seed}");
    }

    [Test]
    public async Task What_was_read_is_given_back_whether_it_was_read_to_its_end_or_not(
        [Values("", "a", "a\nb", "a\nb\n")] string text, [Values(1, 2, 3)] int asked)
    {
        var pipe = new Pipe(new PipeOptions(useSynchronizationContext: false));
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));
        await pipe.Writer.CompleteAsync();

        using (var reader = new LineReader(pipe.Reader, MaxLineBytes))
        {
            for (var i = 0; i < asked && await reader.NextAsync(CancellationToken.None) is not null; i++)
            {
            }
        }

        // A read that was not given back makes the next one throw.
        Assert.That(pipe.Reader.TryRead(out var rest), Is.True);
        Assert.That(rest.IsCompleted, Is.True);
    }

    private static async Task WriteAsync(PipeWriter writer, byte[] text, Random random)
    {
        for (var written = 0; written < text.Length;)
        {
            var piece = Math.Min(text.Length - written, random.Next(1, 60));
            await writer.WriteAsync(text.AsMemory(written, piece));
            written += piece;
            await Task.Yield();
        }

        await writer.CompleteAsync();
    }
}
