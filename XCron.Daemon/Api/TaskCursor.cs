using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Api;

/// <summary>Where a listing goes on: behind the last task that was looked at. Opaque to clients.</summary>
internal static class TaskCursor
{
    private const byte Version = 1;
    private const int Bytes = 1 + sizeof(long);

    public static string Write(TaskId last)
    {
        Span<byte> cursor = stackalloc byte[Bytes];
        cursor[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(cursor[1..], last.Value);
        return Base64Url.EncodeToString(cursor);
    }

    public static bool TryRead(string text, out TaskId last)
    {
        Span<byte> cursor = stackalloc byte[Bytes];
        last = default;
        if (text.Length != Base64Url.GetEncodedLength(Bytes) ||
            Base64Url.DecodeFromChars(text, cursor, out _, out var written) != OperationStatus.Done ||
            written != Bytes || cursor[0] != Version)
        {
            return false;
        }

        last = new TaskId(BinaryPrimitives.ReadInt64BigEndian(cursor[1..]));
        return last.Value >= 0;
    }
}
