using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>Reads an encoded CreateTasksResult one result after another, without an object for any.</summary>
internal ref struct CreateResultReader(ReadOnlySpan<byte> encoded)
{
    private const int TypeBits = 3;
    private const int LengthType = 2;

    private ReadOnlySpan<byte> _rest = encoded;

    /// <summary>The next result; false behind the last.</summary>
    /// <exception cref="InvalidDataException">These are not the bytes of a CreateTasksResult.</exception>
    public bool Next(out int code, out long taskId, out bool isExisting)
    {
        code = 0;
        taskId = 0;
        isExisting = false;
        if (_rest.IsEmpty)
            return false;
        Require(Varint(ref _rest) == ((CreateTasksResult.ResultsFieldNumber << TypeBits) | LengthType));
        var length = Varint(ref _rest);
        Require(length <= (ulong)_rest.Length);
        var result = _rest[..(int)length];
        _rest = _rest[(int)length..];
        while (!result.IsEmpty)
        {
            var tag = Varint(ref result);
            Require((tag & 7) == 0);
            var value = Varint(ref result);
            switch ((int)(tag >> TypeBits))
            {
                case CreateTaskResult.CodeFieldNumber:
                    code = (int)value;
                    break;
                case CreateTaskResult.TaskIdFieldNumber:
                    taskId = (long)value;
                    break;
                case CreateTaskResult.ExistingFieldNumber:
                    isExisting = value != 0;
                    break;
                default:
                    // A newer node's number that this one does not know.
                    break;
            }
        }

        return true;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        const int MaxBytes = 10;
        ulong value = 0;
        for (var position = 0; ; position++)
        {
            Require(position < bytes.Length && position < MaxBytes);
            value |= (ulong)(bytes[position] & 0x7F) << (7 * position);
            if (bytes[position] >= 0x80)
                continue;
            bytes = bytes[(position + 1)..];
            return value;
        }
    }

    private static void Require(bool isWellFormed)
    {
        if (!isWellFormed)
            throw new InvalidDataException("The state machine's answer to a create is no CreateTasksResult.");
    }
}
