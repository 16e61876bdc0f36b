using System.Globalization;
using System.Text;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Api;

/// <summary>Which task a request means: by its id, or by its name.</summary>
/// <param name="Id">The id; 0 where it is by name.</param>
/// <param name="Name">The name; null where it is by id.</param>
internal readonly record struct TaskKey(TaskId Id, string? Name)
{
    public const string ExpectedId = "a task's id: a string of decimal digits such as \"289057701458138645\"";

    public static IReadOnlyList<Field> Fields { get; } =
    [
        new("task_id", FieldType.Text, ExpectedId) { Doc = "This or name." },
        new("name", FieldType.Text, CreateFields.Task.Expected(CreateFields.Name)) { Doc = "This or task_id." },
    ];

    /// <summary>Takes exactly one of the two; what is wrong, or null.</summary>
    public static ApiError? Read(string? id, string? name, out TaskKey key)
    {
        key = default;
        if (id is null && name is null)
            return ApiError.BadRequest("task_id or name is missing; must be one of them");
        if (id is not null && name is not null)
            return ApiError.BadRequest("task_id and name are both given; must be one of them");
        if (name is not null)
        {
            key = new TaskKey(default, name);
            return TaskFieldsReader.IsName(Encoding.UTF8.GetBytes(name))
                ? null
                : ApiError.BadRequest(
                    $"name is {Shown.Text(name)}; must be {CreateFields.Task.Expected(CreateFields.Name)}");
        }

        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value <= 0)
            return ApiError.BadRequest($"task_id is {Shown.Text(id!)}; must be {ExpectedId}");
        key = new TaskKey(new TaskId(value), null);
        return null;
    }

    public ApiError NotFound() => new(
        ApiCode.NoSuchTask, Name is null ? $"there is no task {Id}" : $"there is no task named \"{Name}\"");
}
