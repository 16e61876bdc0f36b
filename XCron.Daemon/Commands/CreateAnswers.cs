namespace XCron.Daemon.Commands;

/// <summary>The bytes of a CreateTasksResult, written and read without its classes: every create passes here.</summary>
internal static class CreateAnswers
{
    private const uint AnswerTag = (1 << 3) | WireTag.Bytes;
    private const uint CodeTag = (1 << 3) | WireTag.Varint;
    private const uint IdTag = (2 << 3) | WireTag.Varint;
    private const uint ExistingTag = (3 << 3) | WireTag.Varint;

    public static byte[] Encode(ReadOnlySpan<CreateAnswer> answers)
    {
        var totalBytes = 0;
        foreach (var answer in answers)
            totalBytes += WireWriter.SizeOfBytes(SizeOf(answer));

        var encoded = new byte[totalBytes];
        var writer = new WireWriter(encoded);
        foreach (var answer in answers)
        {
            writer.WriteLength(1, SizeOf(answer));
            writer.WriteNumber(1, (ulong)answer.Code);
            writer.WriteNumber(2, (ulong)answer.Id.Value);
            writer.WriteNumber(3, answer.Existing ? 1UL : 0);
        }

        return encoded;
    }

    /// <summary>Reads the answers, in the order of the command's tasks.</summary>
    /// <exception cref="InvalidDataException">The bytes are no CreateTasksResult.</exception>
    public static CreateAnswer[] Decode(ReadOnlySpan<byte> encoded)
    {
        var answers = new List<CreateAnswer>();
        var reader = new WireReader(encoded);
        while (!reader.AtEnd)
            answers.Add(ReadNext(ref reader));
        return [.. answers];
    }

    /// <summary>Reads the answer to a command with a single task.</summary>
    /// <exception cref="InvalidDataException">The bytes are no CreateTasksResult of one task.</exception>
    public static CreateAnswer DecodeSingle(ReadOnlySpan<byte> encoded)
    {
        var reader = new WireReader(encoded);
        var answer = ReadNext(ref reader);
        return reader.AtEnd ? answer : throw new InvalidDataException("There is more than one answer.");
    }

    private static CreateAnswer ReadNext(ref WireReader outer)
    {
        var tag = outer.ReadTag();
        if (tag != AnswerTag)
            throw new InvalidDataException($"A CreateTasksResult has no field {tag >> 3}.");

        var (code, id, existing) = (0, 0L, false);
        var reader = new WireReader(outer.ReadBytes());
        while (!reader.AtEnd)
        {
            switch (reader.ReadTag())
            {
                case CodeTag:
                    code = (int)reader.ReadVarint();
                    break;
                case IdTag:
                    id = (long)reader.ReadVarint();
                    break;
                case ExistingTag:
                    existing = reader.ReadVarint() != 0;
                    break;
                case var unknown:
                    // An answer of a newer leader's may say more; what is needed here it says as before.
                    reader.Skip(unknown);
                    break;
            }
        }

        return new(code, new TaskId(id), existing);
    }

    private static int SizeOf(CreateAnswer answer) =>
        WireWriter.SizeOfNumber((ulong)answer.Code)
        + WireWriter.SizeOfNumber((ulong)answer.Id.Value)
        + WireWriter.SizeOfNumber(answer.Existing ? 1UL : 0);
}
