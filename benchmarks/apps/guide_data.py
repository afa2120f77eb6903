"""A BAD EXAMPLE to measure, not to copy: chapters 6, 7.1 and 8 of Tenon's guide, as written.

Left out are the password, which the rendered service does not have, and the posts of a user.
Filled in are the engine, and the endpoints that hand on what the guide queries. The table is the
service's.
"""

# This is quoted code, with the faults that the rules below would find.
# ruff: noqa: ANN201, B008, FAST002, UP017
# mypy: ignore-errors

from collections.abc import Sequence
from datetime import datetime, timezone

from fastapi import Depends, FastAPI
from pydantic import BaseModel, EmailStr, Field, field_validator
from sqlalchemy import DateTime, String, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

app = FastAPI()
async_session_maker = async_sessionmaker()


# 6.1
class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True, index=True)
    username: Mapped[str] = mapped_column("name", String(50))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=lambda: datetime.now(timezone.utc)
    )


# 7.1
async def get_db() -> AsyncSession:
    async with async_session_maker() as session:
        yield session


class UserCreate(BaseModel):
    email: EmailStr
    username: str = Field(min_length=3, max_length=50)

    @field_validator("username")
    @classmethod
    def username_alphanumeric(cls, v: str) -> str:
        if not v.isalnum():
            raise ValueError("Username must be alphanumeric")
        return v


class UserResponse(BaseModel):
    id: int
    email: str
    username: str
    created_at: datetime

    model_config = {"from_attributes": True}


@app.post("/users", response_model=UserResponse)
async def create_user(data: UserCreate, db: AsyncSession = Depends(get_db)):
    user = User(**data.model_dump(exclude={"password"}))
    db.add(user)
    await db.commit()
    await db.refresh(user)
    return user


# 6.1, through 7.1
@app.get("/users/{user_id:int}", response_model=UserResponse)
async def get_user(user_id: int, db: AsyncSession = Depends(get_db)):
    result = await db.execute(select(User).where(User.id == user_id))
    return result.scalar_one_or_none()


# 8.2
async def insert_one_by_one(users_data: list[dict[str, str]]) -> None:
    async with async_session_maker() as session:
        for user_data in users_data:
            user = User(**user_data)
            session.add(user)
            await session.commit()


# 8.3
async def page(page_size: int, offset: int) -> Sequence[User]:
    async with async_session_maker() as session:
        result = await session.execute(select(User).limit(page_size).offset(offset))
        return result.scalars().all()


# 8.3, through 7.1
@app.get("/users", response_model=list[UserResponse])
async def list_users(limit: int, db: AsyncSession = Depends(get_db)):
    result = await db.execute(select(User).limit(limit))
    return result.scalars().all()


# 8.3, all at once
@app.get("/users/export", response_model=list[UserResponse])
async def export_users(db: AsyncSession = Depends(get_db)):
    result = await db.execute(select(User))
    return result.scalars().all()
